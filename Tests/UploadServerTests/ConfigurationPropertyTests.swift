import Testing
import UploadTestSupport

/// No text makes the configuration fail, tell a secret, or mean something else once written down.
@Suite struct ConfigurationPropertyTests {
    private static let pieces = [
        "env", "server", "host", "port", "addr", "proxyAddr", "database", "checkTmpMd5", "storeDir", "taskTimeout",
        "maxFileSize", "callbackSchedule", "logFormat", "mysqlDB", "bServer", "name", "notifyUrl", "secret", "token",
        "\u{1}", "\u{2}", ": ", ": ", ": ", "\n", "\n", "\n  ", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "\"", "'",
        "~", "- ", "? ", "&a ", "*a", "!!str ", "<<", "|\n", "#", "0", "30s", "4GiB", "1,2", "true", "no",
        "http://a", "http://u:\u{2}@a", "é", "\t", "---\n",
    ]

    @Test(arguments: UInt64(0)..<500)
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let noise = (0..<20).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
        let entry = "bServer:\n  \u{1}:\n    notifyUrl: http://a\n"
        for text in [noise, entry + noise, noise + "\n" + entry] {
            #expect(ConfigurationCheck.fault(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test(arguments: UInt64(1000)..<1300)
    func valuesAreReadAsTheyAreWritten(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let values: [String: [String]] = [
            "env": ["pro", "é", "\"\\x85\"", "\"a b\"", "\"\""],
            "server": ["{port: 0}", "{host: \"::1\", addr: http://h/}"],
            "checkTmpMd5": ["yes", "OFF", "~", "1"], "storeDir": ["\"\"", "~", "/a"],
            "taskTimeout": ["1", "500ms", "36500d", "36501d", "0", "1 h", "9223372036854775807"],
            "retention": ["0", "0d", "90 min"], "maxFileSize": ["0", "8TiB", "1.5GiB", "8388608TiB", "~"],
            "maxRequestBody": ["1KiB", "1023", "1GB", "2GiB"], "logFormat": ["JSON", "xml"],
            "ioThreads": ["1", "256", "+8"],
            "callbackSchedule": ["5", "1s, 2s", "1,,2", "\"1,\""], "logLevel": ["Trace", "loud"],
        ]
        var text = "bServer:\n"
        for (index, name) in ["a", "a", "\"\"", "\u{1}"].enumerated() where Bool.random(using: &generator) {
            text +=
                "  \"\\u000\(index + 1)\u{1}\":\n    name: \(name)\n    notifyUrl: http://a/b?c\n    secret: \u{2}\n"
        }
        for (key, choices) in values.sorted(by: { $0.key < $1.key }) where Int.random(in: 0..<4, using: &generator) > 0
        {
            text += "\(key): \(choices.randomElement(using: &generator) ?? "")\n"
        }
        #expect(ConfigurationCheck.fault(Array(text.utf8)) == nil, "\(text)")
    }

    @Test func corpusHolds() throws {
        for file in try Corpus.files("config") {
            #expect(ConfigurationCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
