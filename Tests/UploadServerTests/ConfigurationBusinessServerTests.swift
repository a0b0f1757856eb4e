import Testing

@testable import UploadServer

@Suite struct ConfigurationBusinessServerTests {
    private func load(_ yaml: String, flags: [String: String] = [:]) throws -> LoadedConfiguration {
        try ConfigurationLoader(environment: [:], flags: flags).load(yaml: yaml)
    }

    @Test func readsTheOlderForm() throws {
        let loaded = try load(
            """
            bServer:
              shop:
                token: "secret-token-1"
                notifyUrl: "http://shop/done"
              other:
                token: 12345
                name: "renamed"
                notifyUrl: "http://other/done"
            """
        )
        let servers = loaded.configuration.businessServers
        #expect(servers.map(\.token) == ["12345", "secret-token-1"])
        #expect(servers.map(\.name) == ["renamed", "shop"])
        #expect(loaded.warnings.isEmpty)
    }

    @Test func takesNumbersAsTokens() throws {
        let servers = try load("bServer: {0012345: {name: n, notifyUrl: \"http://n/\"}}").configuration.businessServers
        #expect(servers.map(\.token) == ["0012345"])
    }

    @Test func takesEntriesFromFlags() throws {
        let flags = ["bServer.a.dotted.token.name": "a", "bServer.a.dotted.token.notifyUrl": "http://a/"]
        let servers = try load("", flags: flags).configuration.businessServers
        #expect(servers.map(\.token) == ["a.dotted.token"])
        #expect(servers.map(\.identity) == ["a"])
    }

    @Test func derivesIdentitiesOfSharedAndMissingNames() throws {
        let loaded = try load(
            """
            bServer:
              token-number-1: {name: same, notifyUrl: "http://a/"}
              token-number-2: {name: same, notifyUrl: "http://b/"}
              token-number-3: {notifyUrl: "http://c/"}
              token-number-4: {name: own, notifyUrl: "http://d/"}
            """
        )
        let servers = loaded.configuration.businessServers
        // sha256sum of the tokens.
        #expect(servers.map(\.identity) == ["same#c21c6243", "same#c8e4f347", "#96d54954", "own"])
        #expect(servers.map(\.name) == ["same", "same", "#96d54954", "own"])
        #expect(loaded.warnings.count == 2)
        #expect(loaded.warnings.contains { $0.contains("has no name") })
        #expect(loaded.warnings.contains { $0.contains("2 business servers are named \"same\"") })
    }

    @Test func refusesNamesThatImitateDerivedOnes() {
        #expect(throws: ConfigurationFaults.self) {
            try load(
                """
                bServer:
                  token-number-3: {notifyUrl: "http://c/"}
                  token-number-4: {name: "#96d54954", notifyUrl: "http://d/"}
                """
            )
        }
    }

    @Test(arguments: [
        ("bServer:\n", "bServer: at least one business server is needed"),
        ("bServer: http://a\n", "bServer: is not a map of keys and values (line 1)"),
        ("bServer:\n  token-number-1: http://a\n", "bServer.to…: is not a map of keys and values (line 2)"),
        (
            "bServer:\n  token-number-1: {name: a}\n",
            "bServer.to…: notifyUrl"
        ),
        (
            "bServer:\n  token-number-1: {name: a, notifyUrl: \"//a/\"}\n",
            "bServer.to….notifyUrl: \"//a/\" is not an absolute http:// or https:// URL without user and fragment (line 2)"
        ),
        (
            "bServer:\n  token-number-1: {notifyURL: \"http://a/\", notifyUrl: \"http://a/\", name: a}\n",
            "bServer.to….notifyURL: unknown key; did you mean notifyUrl? (line 2)"
        ),
        (
            "bServer:\n  a: {token: token-1, notifyUrl: \"http://a/\"}\n  token-1: {notifyUrl: \"http://b/\"}\n",
            "bServer.…: another entry has the same token (line 3)"
        ),
    ])
    func tellsWhatIsWrongWithEntries(yaml: String, fault: String) {
        let expected = fault.replacing(
            "bServer.to…: notifyUrl",
            with: "bServer.to….notifyUrl: is missing: "
                + "it is an absolute http:// or https:// URL without user and fragment (line 2)"
        )
        #expect {
            try load(yaml)
        } throws: { error in
            (error as? ConfigurationFaults)?.faults.map(\.description).contains(expected) == true
        }
    }
}
