import Testing
import UploadCore

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("127.0.0.1", "127.0.0.1"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::00ff", "2001:db8::ff"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:0:0:4:5:0:0:8", "1::4:5:0:0:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("::ffff:10.1.2.3", "10.1.2.3"), ("::FFFF:a01:203", "10.1.2.3"), ("0:0:0:0:0:ffff:0a01:0203", "10.1.2.3"),
    ])
    func readsAndWrites(text: String, usual: String) throws {
        let address = try #require(IPAddress(text))
        #expect("\(address)" == usual)
        #expect(IPAddress(usual) == address)
        #expect(address.width == (usual.contains(":") ? 128 : 32))
    }

    @Test(arguments: [
        "", " ", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", "01.2.3.4", "1.2.3.4 ",
        "1..3.4",
        "0x1.2.3.4", ":", ":::", "1::2::3", "::12345", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::+1", "::g", "fe80::1%eth0", "[::1]",
        "١.2.3.4",
    ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.9.8.7"], ["9.255.255.255", "11.0.0.0", "::a00:1"]),
        ("10.1.2.3/8", ["10.0.0.0"], ["11.0.0.0"]), ("192.168.1.7", ["192.168.1.7"], ["192.168.1.6", "192.168.1.8"]),
        ("192.168.1.7/32", ["192.168.1.7"], ["192.168.1.6"]), ("0.0.0.0/0", ["1.2.3.4"], ["::1"]),
        ("172.16.0.0/12", ["172.31.255.255"], ["172.32.0.0"]), ("::/0", ["::1", "ffff::"], ["1.2.3.4"]),
        ("fd00::/8", ["fdff:ffff::1"], ["fe00::", "fc00::"]),
        ("2001:db8:0:1::/64", ["2001:db8:0:1:ffff::"], ["2001:db8:0:2::"]),
        ("::1", ["::1"], ["::2", "127.0.0.1"]), ("::ffff:10.0.0.0/104", ["10.200.0.1"], ["11.0.0.0"]),
    ])
    func networksHoldTheirAddresses(text: String, inside: [String], outside: [String]) throws {
        let network = try #require(IPNetwork(text))
        for address in try inside.map({ try #require(IPAddress($0)) }) { #expect(network.contains(address)) }
        for address in try outside.map({ try #require(IPAddress($0)) }) { #expect(!network.contains(address)) }
        #expect(IPNetwork("\(network)") == network)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0",
        "::/129",
        "::ffff:10.0.0.0/95", "10/8", "a/8",
    ])
    func refusesWhatIsNoNetwork(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
        ("10.0.0.127", false), ("::2", false), ("::127.0.0.1", false), ("::", false), ("0.0.0.0", false),
    ])
    func thisMachinesOwn(text: String, isLoopback: Bool) {
        #expect(IPAddress(text)?.isLoopback == isLoopback)
    }

    @Test func aNetworkIsWrittenByItsFirstAddress() {
        #expect(IPNetwork("10.1.2.3/8")?.description == "10.0.0.0/8")
        #expect(IPNetwork("2001:db8::1/64")?.description == "2001:db8::/64")
        #expect(IPNetwork("::1/128")?.description == "::1")
    }
}
