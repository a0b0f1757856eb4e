import Foundation
import Testing

@testable import UploadServer

@Suite struct ConfigurationFaultTests {
    private func faults(
        _ yaml: String, environment: [String: String] = [:], flags: [String: String] = [:]
    ) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try ConfigurationLoader(environment: environment, flags: flags).load(yaml: yaml)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func wantsCertificateAndKeyTogether() {
        let server = "bServer:\n  t1:\n    notifyUrl: \"http://127.0.0.1/\"\n"
        #expect(
            faults(server + "server:\n  tls:\n    certificate: c.pem\n")
                == ["server.tls.key: is missing: certificate and key go together"])
        #expect(
            faults(server, flags: ["server.tls.key": "k.pem"])
                == ["server.tls.certificate: is missing: certificate and key go together"])
        #expect(faults(server + "server:\n  tls:\n    certificate: c.pem\n    key: k.pem\n") == [])
        #expect(
            faults(server + "server:\n  tls:\n    cert: c.pem\n") == ["server.tls.cert: unknown key (line 6)"])
    }

    @Test(arguments: ["10.0.0.0/8,::1", "127.0.0.1", "fd00::/8, 192.168.1.7/32", ""])
    func readsNetworks(text: String) {
        #expect(!faults("", flags: ["trustedProxies": text]).contains { $0.hasPrefix("trustedProxies") })
    }

    @Test(arguments: ["10.0.0.0/33", "localhost", "1.2.3", "::1/129", "1.2.3.4/", "1.2.3.256"])
    func refusesWhatIsNoNetwork(text: String) {
        #expect(faults("", flags: ["trustedProxies": text]).contains { $0.hasPrefix("trustedProxies: ") })
    }

    @Test(arguments: [
        "null", "app.example.com", "ftp://a.example", "https://", "https://a.example/page", "https://a.example?x",
        "https://a.example#x", "https://user@a.example", "https://*.example.com", "*,https://a.example", ",",
        "https://a.example,", "https://a.example:0", "https://a.example:65536", "https://bücher.example",
        "https://a%2eb",
    ])
    func refusesWhatIsNoOrigin(text: String) {
        #expect(
            faults("", flags: ["server.allowedOrigins": text]).contains { $0.hasPrefix("server.allowedOrigins: ") })
    }

    @Test func reportsAllFaultsAtOnce() {
        let found = faults(
            """
            server:
              port: eighty
              prot: 1
            tmpDir: ""
            storeDir:
            taskTimeout: 0
            checkTmpMd5: [true]
            """,
            environment: ["FUPLOAD_IO_THREADS": "0"],
            flags: ["logLevel": "loud", "logFromat": "json"]
        )
        #expect(
            Set(found) == [
                "server.prot: unknown key; did you mean server.port? (line 3)",
                "storeDir: has no value: it is a folder, or \"\" for no limit (line 5)",
                "checkTmpMd5: a map or list is not a switch: true or false, yes or no, on or off (line 7)",
                "logFromat: unknown key; did you mean logFormat? (flag)",
                "server.port: \"eighty\" is not a port: a whole number from 0 to 65535 (line 2)",
                "tmpDir: \"\" is not a folder (line 4)",
                "taskTimeout: \"0\" is not a duration above 0 to 36500d: "
                    + "seconds as a whole number, alone or with a unit (ms, s, m, h, d) (line 6)",
                "ioThreads: \"0\" is not a whole number from 1 to 256 (FUPLOAD_IO_THREADS)",
                "logLevel: \"loud\" is not a log level: "
                    + "one of trace, debug, info, notice, warning, error, critical (flag)",
                "bServer: at least one business server is needed",
            ]
        )
        #expect(found.count == 10)
    }

    @Test func putsFaultsIntoOneText() {
        let fault = ConfigurationFault("a", "is wrong", at: "line 1")
        let text = "the configuration has a fault:\n  a: is wrong (line 1)"
        #expect(ConfigurationFaults(faults: [fault]).description == text)
        #expect(ConfigurationFaults(faults: [fault, fault]).description.hasPrefix("the configuration has 2 faults:\n"))
    }

    @Test(arguments: [
        ("bserver: {}", "bserver: unknown key; did you mean bServer? (line 1)"),
        ("port: 1", "port: unknown key; did you mean server.port? (line 1)"),
        ("storedir: /x", "storedir: unknown key; did you mean storeDir? (line 1)"),
        ("colour: red", "colour: unknown key (line 1)"),
        ("\"\": x", "\"\": unknown key (line 1)"),
        ("server: {\"\": x}", "server.\"\": unknown key (line 1)"),
        ("\"port\\n\": x", "port\u{FFFD}: unknown key; did you mean server.port? (line 1)"),
        ("\"\\n\\nabcdefgh\": x", "\u{FFFD}\u{FFFD}…: unknown key (line 1)"),
        ("servr.prot: x", "servr.prot: unknown key; did you mean server.port? (line 1)"),
        ("abcdefgh.prot: x", "ab….prot: unknown key; did you mean server.port? (line 1)"),
        ("server.prot: x", "server.prot: unknown key; did you mean server.port? (line 1)"),
        ("logFormat: \"a\\u2028b\"", "logFormat: \"a\u{FFFD}b\" is not a log format"),
        ("server: 8080", "server: is not a map of keys and values (line 1)"),
        ("[1, 2]", "file: is not a map of keys and values (line 1)"),
        ("env: x\nenv: y", "file: a key is given twice: env (line 1)"),
        ("env: x\n\tport: 1", "file: is not YAML: found a tab character that violates indentation (line 2, column 1)"),
        ("taskTimeout:", "taskTimeout: has no value: it is a duration above 0"),
        ("server: {addr: \"http://a:80\"}", "server.addr: \"http://a:80\" is not an http:// or https:// URL of a host"),
        ("server: {addr: a}", "server.addr: \"a\" is not an http"),
        ("server: {proxyAddr: \"ftp://a\"}", "server.proxyAddr: \"ftp://a\" is not an absolute http"),
        ("? [a]\n: b", "file: a map or list is used as a key (line 1)"),
    ])
    func tellsWhatIsWrong(yaml: String, fault: String) {
        let found = faults(yaml)
        #expect(found.contains { $0.hasPrefix(fault) }, "\(found)")
    }

    @Test func reportsFilesThatCannotBeRead() throws {
        let loader = ConfigurationLoader(environment: [:], flags: [:])
        let missing = "/nonexistent/fupload.yml"
        #expect(throws: ConfigurationFaults(faults: [ConfigurationFault(missing, "there is no such file")])) {
            try loader.load(file: missing)
        }
        let binary = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yml")
        try Data([0xff, 0xfe, 0xff]).write(to: binary)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: binary) } }
        #expect(throws: ConfigurationFaults(faults: [ConfigurationFault(binary.path, "is not text in UTF-8")])) {
            try loader.load(file: binary.path)
        }
        #expect(throws: ConfigurationFaults.self) { try loader.load(file: "/") }

        let list = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yml")
        try Data("[]".utf8).write(to: list)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: list) } }
        let fault = ConfigurationFault(list.path, "is not a map of keys and values", at: "line 1")
        #expect(throws: ConfigurationFaults(faults: [fault])) { try loader.load(file: list.path) }
    }

    @Test func refusesVariablesThatTwoTokensShare() {
        let yaml = """
            bServer:
              tok-one: {name: a, notifyUrl: "http://a/"}
              TOK_ONE: {name: b, notifyUrl: "http://b/"}
            """
        #expect(faults(yaml).isEmpty)
        let found = faults(yaml, environment: ["FUPLOAD_B_SERVER_TOK_ONE_NAME": "c"])
        #expect(found.contains { $0.hasPrefix("bServer: two tokens look the same") })
    }
}
