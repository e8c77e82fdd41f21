// Files that a scenario reads and writes.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "sim/scenario/file_identity.h"
#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class FileChecks : private Checks {
  public:
    explicit FileChecks(const Checks& c) : Checks(c) {}

    void run() {
        files();
        outputs();
    }

  private:
    void files() {
        readable(s_.timing.path_costs, values_["timing"]["path_costs"]);
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i)
            readable(s_.platform.uarts[i].input_file,
                     values_["platform"]["uarts"].items[i]["input_file"]);
        for (std::size_t i = 0; i < s_.hosts.size(); ++i)
            readable(s_.hosts[i].file, values_["hosts"].items[i]["file"]);
    }

    /// An output that is also read, or written twice, would destroy what it holds.
    void outputs() {
        FileUse use;
        for (const std::string& file : s_.files)
            use.reads(file, file == s_.file ? "the scenario itself"
                                            : "a file that the scenario includes");
        use.reads(s_.timing.path_costs, "timing.path_costs of this run");
        for (const UartConfig& u : s_.platform.uarts)
            use.reads(u.input_file, u.place.key + ".input_file");
        for (const HostConfig& h : s_.hosts)
            use.reads(h.file, h.place.key + ".file");
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i) {
            const UartConfig& u = s_.platform.uarts[i];
            for (std::size_t k = 0; k < u.channels.size(); ++k)
                if (u.channels[k].writes_file())
                    written(
                        use, u.channels[k].output,
                        values_["platform"]["uarts"].items[i]["channels"].items[k]["output"].place,
                        "stdout or none");
            if (!u.writes_file())
                continue;
            const Place& place = values_["platform"]["uarts"].items[i]["output"].place;
            written(use, u.output, place, "stdout or none");
        }
        for (std::size_t i = 0; i < s_.captures.size(); ++i)
            written(use, s_.captures[i].file, values_["captures"].items[i]["file"].place, {});
    }

    void written(FileUse& use, const std::string& file, const Place& place,
                 std::string_view others) {
        if (file.empty()) {
            error(place, "found an empty text; write the name of a file");
            return;
        }
        const std::string taken =
            use.writes(file, fmt::format("{} ({})", place.key, format_short(place)));
        if (!taken.empty())
            error(place, "found {}, which is {} and would be overwritten; write another file{}{}",
                  quote(file), taken, others.empty() ? "" : ", ", others);
        else
            writable(file, place);
    }

    /// As far as that can be told without writing.
    void writable(const std::string& file, const Place& place) {
        namespace fs = std::filesystem;
        std::error_code code;
        const fs::path folder = fs::path(file).parent_path();
        const std::string in = folder.empty() ? "." : folder.string();
        if (fs::is_directory(file, code))
            error(place, "{}: this is a directory; write the name of a file in it", file);
        else if (!fs::is_directory(in, code))
            error(place, "{}: there is no directory {}; make it, or write another name", file,
                  quote(in));
        else if (::access((fs::exists(file, code) ? file : in).c_str(), W_OK) != 0)
            error(place,
                  "{}: this file cannot be written; check your permissions, or write "
                  "another name",
                  file);
    }

    void readable(const std::string& file, const Value& v) {
        if (!v.present)
            return;
        // Opened only when it is a file: a pipe would be waited for.
        std::error_code code;
        const bool regular = std::filesystem::is_regular_file(file, code);
        if (!regular || !std::ifstream(file))
            error(v.place,
                  "{}: this file cannot be read; it is relative to the file that names "
                  "it: check the name and your permissions",
                  file);
    }
};

}  // namespace

void validate_files(const Checks& c) {
    FileChecks(c).run();
}

}  // namespace sim
