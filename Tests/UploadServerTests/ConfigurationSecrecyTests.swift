import Testing

@testable import UploadServer

@Suite struct ConfigurationSecrecyTests {
    private static let token = "Zq7vKpTokenOfTheShop"
    private static let secret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"

    private func expectNothingShown(_ texts: [String], _ location: SourceLocation = #_sourceLocation) {
        for text in texts {
            #expect(!text.contains(Self.token), sourceLocation: location)
            #expect(!text.uppercased().contains(Self.token.uppercased()), sourceLocation: location)
            #expect(!text.contains("QUJDREVG"), sourceLocation: location)
            #expect(!text.contains("hunter2"), sourceLocation: location)
        }
    }

    @Test func masksWhatIsLoaded() throws {
        let yaml = """
            mysqlDB: {password: hunter2}
            bServer:
              \(Self.token):
                notifyUrl: "http://shop/done?auth=hunter2"
                secret: "\(Self.secret)"
            """
        let environment = ["FUPLOAD_B_SERVER_\(Self.token.uppercased())_URL": "x"]
        let loaded = try ConfigurationLoader(environment: environment, flags: [:]).load(yaml: yaml)
        let server = try #require(loaded.configuration.businessServers.first)
        let secret = try #require(server.secret)
        #expect(secret.bytes == Array("ABCDEFGHIJKLMNOPQRSTUVWX".utf8))
        #expect("\(secret)" == "••••")
        #expect(Mirror(reflecting: secret).children.isEmpty)

        var dumped = ""
        dump(loaded, to: &dumped)
        let described = loaded.describe()
        expectNothingShown(
            loaded.warnings + described.map(\.key) + described.map(\.value)
                + ["\(loaded)", String(reflecting: loaded), "\(server)", String(reflecting: server), dumped]
        )
        #expect(described.contains { $0.key == "bServer.Zq….secret" && $0.value == "••••" && $0.source == .file })
    }

    @Test(arguments: [
        // A secret that is none, at the wrong key, and in a line that is not YAML.
        "bServer: {\(token): {name: a, notifyUrl: \"http://a/\", secret: \"whsec_QUJDREVG\"}}",
        "bServer: {\(token): {name: a, notifyUrl: \"\(secret)\"}}",
        "bServer:\n  \(token):\n    secret: \"\(secret)\n",
        "bServer:\n  \(token):\n  secret: '\(secret)' '\n",
        // Tokens as keys at the wrong level, given twice, in maps and lists.
        "bServer:\n\(token):\n  name: a\n",
        "\(token).nmae: a",
        "bServer: {a: {\(token).sceret: a}}",
        "bServer: {\(token): {\(token): {name: a}}}",
        "bServer: {\(token): {name: a}, \(token): {name: b}}",
        "bServer: {\(token): {name: [a], secret: {\(secret): 1}}}",
        "bServer: {\(token): {name: a, secret: }}",
        "bServer: {a: {token: \(token)}, \(token): {}}",
        "bServer: {a: {token: [\(token)]}}",
        // A password in a URL.
        "bServer: {\(token): {name: a, notifyUrl: \"ftp://a/?auth=hunter2\"}}",
        "bServer: {\(token): {name: a, notifyUrl: \"http://me:hunter2@a/\"}}",
        "server: {addr: \"http://me:hunter2@a\"}",
    ])
    func masksFaults(yaml: String) {
        let flags = ["bServer.\(Self.token).sceret": Self.secret]
        let environment = ["FUPLOAD_B_SERVER_\(Self.token.uppercased())_SECRET": "whsec_QUJDREVG"]
        for (flags, environment) in [([:], [:]), (flags, environment)] as [([String: String], [String: String])] {
            #expect {
                try ConfigurationLoader(environment: environment, flags: flags).load(yaml: yaml)
            } throws: { error in
                var dumped = ""
                dump(error, to: &dumped)
                expectNothingShown(["\(error)", String(reflecting: error), dumped])
                return error is ConfigurationFaults
            }
        }
    }

    @Test(arguments: [
        ("whsec_" + String(repeating: "A", count: 32), 24),
        ("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NQ==", 25),
        ("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NQ", 25),
        ("whsec_" + String(repeating: "A", count: 84) + "AA==", 64),
        ("whsec_" + String(repeating: "A", count: 84) + "AAA=", 0),
        ("whsec_" + String(repeating: "A", count: 31), 0),
        ("whsec_" + String(repeating: "A", count: 33), 0),
        ("whsec_" + String(repeating: "-", count: 32), 0),
        (String(repeating: "A", count: 32), 0),
        ("whsec_", 0),
        ("", 0),
    ])
    func readsSecretsAsSpecified(text: String, length: Int) {
        #expect((WebhookSecret(text)?.bytes.count ?? 0) == length)
    }
}
