import Testing
import UploadTestSupport

/// What a proxy in front of the server says of the client.
@Suite(.contract)
struct ProxyTests {
    private let file = TestFile(size: 1000, seed: 1)

    /// Registers with these headers.
    private func register(
        _ bed: TestBed, _ headers: [String: String], name: String = "file.bin"
    ) async throws -> UploadHandle {
        let answer = try await HTTP.send(
            "POST", bed.server.newTaskURL, headers: headers, body: Array(NewTask(file, name: name).json.utf8))
        return try UploadHandle(bed.server, answer)
    }

    /// The client's address, as a line about a refused request has it.
    private func address(_ bed: TestBed, _ header: String) async throws -> String {
        let path = "/api/upload/files/state"
        func lines() throws -> [Substring] {
            try bed.server.logText().split(separator: "\n").filter { $0.contains("path=\(path)") }
        }
        let before = try lines().count
        let socket = try RawSocket(port: bed.server.port)
        try await socket.send("POST \(path) HTTP/1.1\r\nHost: x\r\n\(header)Content-Length: 2\r\n\r\n{}")
        _ = try await socket.readAnswer()
        let line = try await eventually("the line of the request") { () -> Substring? in
            let lines = try lines()
            return lines.count > before ? lines.last : nil
        }
        let word = try #require(line.split(separator: " ").first { $0.hasPrefix("client=") })
        return String(word.dropFirst("client=".count))
    }

    private func base(_ upload: UploadHandle) -> String {
        upload.given.upload.components(separatedBy: "/api/")[0]
    }

    @Test func aTrustedProxyNamesTheClient() async throws {
        try await TestBed.run("trustedProxies=127.0.0.0/8, 10.1.0.0/16, fd00::/8") { bed in
            for (value, client) in [
                ("192.0.2.7", "192.0.2.7"), ("192.0.2.7:4711", "192.0.2.7"), ("2001:DB8::1", "2001:db8::1"),
                ("[2001:db8::1]:443", "2001:db8::1"), ("::ffff:192.0.2.7", "192.0.2.7"),
                // The rightmost that is not trusted: what stands before it may be made up.
                ("198.51.100.1, 192.0.2.7, 10.1.2.3, fd00::2", "192.0.2.7"), ("198.51.100.1,192.0.2.7", "192.0.2.7"),
                ("10.1.2.3, 10.1.2.4", "10.1.2.3"),
                // What is no address ends the search at who passed it on.
                ("192.0.2.7, nonsense, 10.1.2.3", "10.1.2.3"), ("nonsense", "127.0.0.1"), ("", "127.0.0.1"),
                ("192.0.2.7, ", "127.0.0.1"), ("192.0.2.7 evil=1", "127.0.0.1"), ("192.0.2.7:99999", "127.0.0.1"),
            ] {
                let found = try await address(bed, "X-Forwarded-For: \(value)\r\n")
                #expect(found == client, "\(value)")
            }
            let two = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7, 10.1.2.3\r\n"
            let (last, none) = (try await address(bed, two), try await address(bed, ""))
            #expect(last == "192.0.2.7", "several headers are one list")
            #expect(none == "127.0.0.1")
        }
    }

    @Test func anybodyElsesWordIsIgnored() async throws {
        try await TestBed.run("trustedProxies=10.0.0.0/8,127.0.0.2,::1") { bed in
            let found = try await address(bed, "X-Forwarded-For: 192.0.2.7\r\n")
            #expect(found == "127.0.0.1")
            let upload = try await register(
                bed, ["X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"])
            #expect(base(upload) == "http://127.0.0.1:\(bed.server.port)")
        }
    }

    @Test func aTrustedProxyNamesTheURLs() async throws {
        try await TestBed.run("trustedProxies=127.0.0.1") { bed in
            for (headers, expected) in [
                (["X-Forwarded-Host": "files.example.com", "X-Forwarded-Proto": "https"], "https://files.example.com"),
                (
                    ["X-Forwarded-Host": "files.example.com:8443", "X-Forwarded-Proto": "HTTPS"],
                    "https://files.example.com:8443"
                ),
                (["X-Forwarded-Host": "[2001:db8::1]:8443", "X-Forwarded-Proto": "http"], "http://[2001:db8::1]:8443"),
                (
                    ["X-Forwarded-Host": "made.up, files.example.com", "X-Forwarded-Proto": "http, https"],
                    "https://files.example.com"
                ),
                (["X-Forwarded-Host": "files.example.com"], "http://files.example.com"),
                (
                    ["X-Forwarded-Host": "files.example.com", "X-Forwarded-Proto": "javascript"],
                    "http://files.example.com"
                ),
                (["X-Forwarded-Proto": "https"], "http://127.0.0.1:\(bed.server.port)"),
            ] as [([String: String], String)] {
                let upload = try await register(bed, headers)
                #expect(base(upload) == expected)
                #expect(upload.given.blocks.hasPrefix(expected + "/api/"))
                #expect(upload.given.state.hasPrefix(expected + "/api/"))
            }
        }
    }

    @Test(arguments: [
        "evil.example/x", "evil.example?x", "evil.example#", "user@evil.example", "evil.example:0",
        "evil.example:65536",
        "evil.example:", "evil.example:80:80", "evil example", "evil\\example", "\"evil\"", "évil.example", "a%2fb",
        ".evil",
        "-evil", "evil..example", "[evil]", "[::1", "[::1]x", "[127.0.0.1]", "::1", "", "evil.example,", "<script>",
        String(repeating: "a", count: 254),
    ])
    func aHostThatIsNoneIsIgnored(host: String) async throws {
        try await TestBed.run("trustedProxies=127.0.0.1") { bed in
            let body = NewTask(file).json
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "POST /api/upload/new/task HTTP/1.1\r\nHost: x\r\nX-Forwarded-Host: \(host)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let answer = try await socket.readAnswer()
            // The framework refuses some bytes in a header.
            if answer.status == 400 { return }
            #expect(base(try UploadHandle(bed.server, answer)) == "http://127.0.0.1:\(bed.server.port)")
        }
    }

    @Test func theConfiguredAddressOfTheProxyWins() async throws {
        try await TestBed.run("trustedProxies=127.0.0.1", "server.proxyAddr=https://configured.example/up") { bed in
            let upload = try await register(bed, ["X-Forwarded-Host": "files.example.com"])
            #expect(base(upload) == "https://configured.example/up")
        }
    }

    @Test func aNetworkThatIsNoneIsRefusedByName() async throws {
        try await TestBed.run(startsServer: false) { bed in
            for network in ["10.0.0.0/33", "fd00::/8,:::", "1:2", "proxy.example"] {
                let process = bed.own(try bed.server.launch(overrides: ["trustedProxies=\(network)"]))
                #expect(try await process.waitForExit() == .code(78))
                #expect(process.output.value.errorText.contains("trustedProxies"))
            }
        }
    }
}
