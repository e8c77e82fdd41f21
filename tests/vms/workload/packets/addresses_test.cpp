// Addresses against the examples of the RFCs that define their forms.
#include "vms/workload/packets/addresses.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace vms::workload::packets {
namespace {

TEST(MacAddress, IsReadAndWritten) {
    const auto a = MacAddress::parse("02:00:5E:a0-00:01");
    EXPECT_FALSE(a) << "one kind of separator";
    EXPECT_EQ(MacAddress::parse("02-00-5E-A0-00-01")->text(), "02:00:5e:a0:00:01");
    for (const char* bad : {"", "02:00:5e:a0:00", "02:00:5e:a0:00:01:02", "2:0:5e:a0:0:1",
                            "02:00:5e:a0:00:0g", "02:00:5e:a0:00:-1", "020:0:5e:a0:00:01"})
        EXPECT_FALSE(MacAddress::parse(bad)) << bad;
    EXPECT_TRUE(MacAddress::broadcast().is_multicast());
    EXPECT_FALSE(MacAddress::parse("02:00:00:00:00:01")->is_multicast());
}

TEST(Ipv4Address, IsReadAndWritten) {
    EXPECT_EQ(Ipv4Address::parse("192.0.2.1")->value, 0xc000'0201U);
    EXPECT_EQ((Ipv4Address::of(255, 0, 10, 255).text()), "255.0.10.255");
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1.2.3.256", "1.2.3.04",
                            "1.2.3.4 ", "1..2.3", "0x1.2.3.4"})
        EXPECT_FALSE(Ipv4Address::parse(bad)) << bad;
}

// RFC 4291, 2.2, and the recommendations of RFC 5952, 4.
TEST(Ipv6Address, IsReadInEveryFormAndWrittenInOne) {
    using Form = std::pair<const char*, const char*>;
    for (const auto& [given, canonical] :
         {Form{"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
          Form{"FF01:0:0:0:0:0:0:101", "ff01::101"}, Form{"0:0:0:0:0:0:0:1", "::1"},
          Form{"0:0:0:0:0:0:0:0", "::"}, Form{"::", "::"}, Form{"1::", "1::"},
          Form{"0:0:0:0:0:FFFF:129.144.52.38", "::ffff:8190:3426"},
          Form{"::13.1.68.3", "::d01:4403"},
          Form{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2: one group stays
          Form{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3: the longest
          Form{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}}) {  // 4.2.3: the first
        const auto a = Ipv6Address::parse(given);
        ASSERT_TRUE(a) << given;
        EXPECT_EQ(a->text(), canonical);
        EXPECT_EQ(Ipv6Address::parse(canonical), a);
    }
    for (const char* bad : {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                            "1:2:3:4:5:6:7:8::", "12345::", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7:8",
                            "::g", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4"})
        EXPECT_FALSE(Ipv6Address::parse(bad)) << bad;
}

// RFC 2464, 4 (the example's universal/local bit is complemented) and RFC 4291, 2.7.1.
TEST(Ipv6Address, OfAMacAndOfASolicitation) {
    EXPECT_EQ(Ipv6Address::link_local(*MacAddress::parse("34-56-78-9a-bc-de")).text(),
              "fe80::3656:78ff:fe9a:bcde");
    EXPECT_EQ(Ipv6Address::parse("4037::01:800:200E:8C6C")->solicited_node().text(),
              "ff02::1:ff0e:8c6c");
}

// RFC 1112, 6.4: the low 23 bits; RFC 2464, 7: the last four bytes.
TEST(MulticastMac, IsMappedFromTheGroup) {
    EXPECT_EQ(multicast_mac(Ipv4Address::of(224, 128, 0, 251)).text(), "01:00:5e:00:00:fb");
    EXPECT_EQ(multicast_mac(*Ipv6Address::parse("ff02::1:ff0e:8c6c")).text(), "33:33:ff:0e:8c:6c");
}

TEST(IpAddress, IsOfEitherFamily) {
    EXPECT_EQ(text(*parse_ip("10.0.0.1")), "10.0.0.1");
    EXPECT_EQ(text(*parse_ip("fe80::1")), "fe80::1");
    EXPECT_FALSE(parse_ip("host.example"));
}

}  // namespace
}  // namespace vms::workload::packets
