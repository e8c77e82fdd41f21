// The order of the steps: compose, check, resolve, validate. Each runs only on what the one before
// found whole, so that no error is told twice.
#include "sim/scenario/load.h"

#include <utility>

#include "sim/scenario/check.h"
#include "sim/scenario/compose.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/validate.h"

namespace sim {

LoadResult load_scenario(const std::string& path, std::span<const std::string> overrides) {
    Diagnostics errors;
    LoadResult result;
    if (const std::optional<Node> tree = compose(path, overrides, result.files, errors)) {
        const Value values = check(*tree, schema(), errors);
        if (errors.empty()) {
            Scenario scenario = resolve(values, path, errors);
            scenario.files = result.files;
            validate(scenario, values, errors);
            if (errors.empty())
                result.scenario = std::move(scenario);
        }
    }
    result.errors = errors.take();
    return result;
}

}  // namespace sim
