import Testing
import UploadHTTP

@testable import UploadServer

@Suite struct ConfigurationValueTests {
    @Test(arguments: [
        ("0", 0), ("3600", 3_600_000), ("30s", 30_000), ("30 s", 30_000), ("5sec", 5_000), ("2m", 120_000),
        ("2min", 120_000), ("1h", 3_600_000), ("7d", 604_800_000), ("500ms", 500), ("1H", 3_600_000),
        ("36500d", 3_153_600_000_000),
    ])
    func readsDurations(text: String, milliseconds: Int64) throws {
        let format = ValueFormat<Duration>.durationOrZero
        let duration = try #require(format.parse(text))
        #expect(duration == .milliseconds(milliseconds))
        #expect(format.parse(format.render(duration)) == duration)
    }

    @Test(arguments: [
        "", "s", "-1", "+1", "1.5", "1w", "1 2", "1e3", "36501d", "9223372036854775807", "99999999999999999999", "١s",
        "1s ",
    ])
    func refusesOtherDurations(text: String) {
        #expect(ValueFormat<Duration>.durationOrZero.parse(text) == nil)
    }

    @Test func refusesZeroWhereItMeansNever() {
        #expect(ValueFormat<Duration>.duration.parse("0") == nil)
        #expect(ValueFormat<Duration>.duration.parse("1ms") == .milliseconds(1))
    }

    /// What browsers send is in lower case and without the scheme's own port, whatever an operator types.
    @Test(arguments: [
        ("", AllowedOrigins.nobody), (" ", .nobody), ("*", .everybody), (" * ", .everybody),
        ("https://app.example.com", .these(["https://app.example.com"])),
        ("HTTPS://App.Example.com:443/", .these(["https://app.example.com"])),
        (
            "http://127.0.0.1:8090, http://localhost:80",
            .these(["http://127.0.0.1:8090", "http://localhost"])
        ),
        ("http://[::1]:8090", .these(["http://[::1]:8090"])),
    ])
    func readsOrigins(text: String, allowed: AllowedOrigins) {
        let format = ValueFormat<AllowedOrigins>.origins
        #expect(format.parse(text) == allowed)
        #expect(format.parse(format.render(allowed)) == allowed)
    }

    @Test(arguments: [
        ("1", 1), ("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("4GiB", 4 << 30), ("4 gib", 4 << 30),
        ("1TiB", 1_099_511_627_776), ("10KB", 10_000), ("10kB", 10_000), ("3MB", 3_000_000), ("2GB", 2_000_000_000),
        ("1TB", 1_000_000_000_000), ("9223372036854775807", Int64.max),
    ])
    func readsSizes(text: String, bytes: Int64) throws {
        let format = ValueFormat<Int64?>.byteLimit
        #expect(format.parse(text) == .some(bytes))
        #expect(format.parse(format.render(bytes)) == .some(bytes))
    }

    @Test func takesZeroForNoLimit() {
        let format = ValueFormat<Int64?>.byteLimit
        #expect(format.parse("0") == .some(nil))
        #expect(format.parse("0GiB") == .some(nil))
        #expect(format.render(nil) == "0")
    }

    @Test(arguments: ["", "-1", "1.5GiB", "1K", "1EiB", "9223372036854775808", "9000000TiB", "none"])
    func refusesOtherSizes(text: String) {
        #expect(ValueFormat<Int64?>.byteLimit.parse(text) == nil)
    }

    @Test func keepsSizesWithinTheirRange() {
        let format = ValueFormat<Int>.byteCount(in: 1024...1 << 30)
        #expect(format.parse("1KiB") == 1024)
        #expect(format.parse("1023") == nil)
        #expect(format.parse("1GiB") == 1 << 30)
        #expect(format.parse("2GiB") == nil)
        #expect(format.allowed.hasPrefix("a size from 1KiB to 1GiB"))
    }

    @Test func readsSchedules() {
        let format = ValueFormat<[Duration]>.schedule
        #expect(format.parse("5s") == [.seconds(5)])
        #expect(format.parse("5s, 2m,500ms") == [.seconds(5), .seconds(120), .milliseconds(500)])
        for text in ["", ",", "5s,", "5s,0", "5s;2m", Array(repeating: "1", count: 101).joined(separator: ",")] {
            #expect(format.parse(text) == nil, "\(text)")
        }
        #expect(format.parse(Array(repeating: "1", count: 100).joined(separator: ","))?.count == 100)
    }

    @Test func readsSwitches() {
        let format = ValueFormat<Bool>.boolean
        for text in ["true", "yes", "on", "True", "YES"] { #expect(format.parse(text) == true) }
        for text in ["false", "no", "off", "False", "OFF"] { #expect(format.parse(text) == false) }
        for text in ["", "1", "0", "y", "maybe"] { #expect(format.parse(text) == nil) }
    }

    @Test(arguments: [
        ("http://a", true), ("https://a.example/path?x=1", true), ("http://[::1]:8080/x", true), ("HTTP://a", true),
        ("http://", false), ("http:///x", false), ("//a", false), ("a", false), ("ftp://a", false), ("", false),
        ("http://a:0", false), ("http://a:65536", false), ("http://u@a", false), ("http://a#x", false),
        ("http://a b", false),
    ])
    func readsURLs(text: String, isAllowed: Bool) {
        #expect((ValueFormat<String>.httpURL.parse(text) != nil) == isAllowed)
    }

    @Test func normalisesAddresses() {
        #expect(ValueFormat<String>.origin.parse("http://a/") == "http://a")
        #expect(ValueFormat<String>.origin.parse("http://[::1]") == "http://[::1]")
        for text in ["http://a:80", "http://a/b", "http://a?b", ""] {
            #expect(ValueFormat<String>.origin.parse(text) == nil, "\(text)")
        }
        #expect(ValueFormat<String>.optionalBase.parse("") == "")
        #expect(ValueFormat<String>.optionalBase.parse("https://a:8443/up/") == "https://a:8443/up")
    }

    @Test func keepsControlCharactersOut() {
        #expect(ValueFormat<String>.text("").parse("/data\u{0}") == nil)
        #expect(ValueFormat<String>.text("").parse("a\nb") == nil)
        #expect(ValueFormat<String>.text("").parse("/资源") == "/资源")
    }
}
