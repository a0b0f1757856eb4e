import Foundation
import Glibc
import Testing
import UploadTestSupport

/// TLS on the front.
@Suite(.contract)
struct TLSTests {
    private let file = TestFile(size: 200_000, seed: 1)

    /// A server with a certificate for 127.0.0.1 by an authority that the test's client trusts.
    private func run(
        _ overrides: String..., body: @Sendable (TestBed, TestCA, TestCA.Identity) async throws -> Void
    ) async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let identity = try await ca.issue("front")
            try await bed.server.start(overrides: Self.settings(identity) + overrides)
            try await HTTP.trusting(ca) { try await body(bed, ca, identity) }
        }
    }

    private static func settings(_ identity: TestCA.Identity) -> [String] {
        [
            "server.tls.certificate=\(identity.certificate)", "server.tls.key=\(identity.key)",
            "server.addr=https://127.0.0.1",
        ]
    }

    /// What `openssl s_client` tells of a connection.
    private func look(at bed: TestBed, _ arguments: String...) async throws -> ProgramProcess.Output {
        let client = try ProgramProcess(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(bed.server.port)"] + arguments)
        client.closeInput()
        try await client.waitForExit()
        return client.output.value
    }

    private func overwrite(_ path: String, with other: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: path))
    }

    @Test func anUploadFromBeginningToEnd() async throws {
        try await run { bed, _, _ in
            let upload = try await bed.server.register(file)
            for url in [upload.given.upload, upload.given.blocks, upload.given.state] {
                #expect(url.hasPrefix("https://127.0.0.1:\(bed.server.port)/"), "\(url)")
            }
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            #expect(try !bed.server.logText().contains("server.addr"))
        }
    }

    @Test func newConnectionsGetTheReloadedCertificateAndOldOnesGoOn() async throws {
        try await run { bed, _, identity in
            // So large that some of it is on the disk before all of it has come.
            let file = TestFile(size: 1_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let other = try await TestCA(in: bed.folder, name: "other-ca")
            let next = try await other.issue("next")
            let form = Form(block: 0...999_999, file.bytes)
            let answer = try await HTTP.postForm(upload.uploadURL, form) {
                _ = try await eventually("the first bytes") { bed.server.stagingFiles().isEmpty ? nil : true }
                try overwrite(identity.certificate, with: next.certificate)
                try overwrite(identity.key, with: next.key)
                bed.server.process?.signal(SIGHUP)
                _ = try await bed.server.process?.waitForError(containing: "reloaded TLS certificate: valid until")
                try await HTTP.trusting(other) {
                    let info = try await upload.info()
                    #expect(info["status"].text == "upload")
                }
            }
            #expect(answer.retCode == "0", "\(answer.text)")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            #expect(try await look(at: bed).text.contains("other-ca"))
        }
    }

    @Test func brokenFilesAreNotTakenUp() async throws {
        try await run { bed, ca, identity in
            let stranger = try await ca.issue("stranger")
            for (path, content, problem) in [
                (identity.key, stranger.key, "server.tls.key: the file \(identity.key) does not belong"),
                (identity.key, identity.certificate, "server.tls.key: the file \(identity.key) holds no private key"),
                (
                    identity.certificate, stranger.key,
                    "server.tls.certificate: the file \(identity.certificate) holds no"
                ),
            ] {
                let good = try Data(contentsOf: URL(fileURLWithPath: path))
                try overwrite(path, with: content)
                bed.server.process?.signal(SIGHUP)
                let line = try await bed.server.process?.waitForError(containing: problem)
                #expect(line?.contains("ERROR") == true && line?.contains("TLS certificate not reloaded") == true)
                try good.write(to: URL(fileURLWithPath: path))
            }
            #expect(try await look(at: bed, "-CAfile", ca.certificate).text.contains("Verify return code: 0 (ok)"))
        }
    }

    @Test func itDoesNotStartWithWhatCanNotBeUsed() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let (good, stranger) = (try await ca.issue("good"), try await ca.issue("stranger"))
            let empty = bed.folder + "/empty.pem"
            try Data().write(to: URL(fileURLWithPath: empty))
            let missing = bed.folder + "/missing.pem"
            for (certificate, key, sentence) in [
                (missing, good.key, "server.tls.certificate: the file \(missing) is not there"),
                (good.certificate, missing, "server.tls.key: the file \(missing) is not there"),
                (empty, good.key, "server.tls.certificate: the file \(empty) holds no certificate in PEM"),
                (good.certificate, empty, "server.tls.key: the file \(empty) holds no private key in PEM"),
                (
                    good.certificate, stranger.key,
                    "server.tls.key: the file \(stranger.key) does not belong to the cert"
                ),
            ] {
                let process = bed.own(
                    try bed.server.launch(
                        overrides: ["server.tls.certificate=\(certificate)", "server.tls.key=\(key)"]))
                #expect(try await process.waitForExit() == .code(1))
                #expect(process.output.value.errorText.contains(sentence), "\(process.output.value.errorText)")
            }
            #expect(!FileManager.default.fileExists(atPath: bed.server.database))
        }
    }

    @Test func version12AtLeastAndHTTP1() async throws {
        try await run { bed, _, _ in
            let old = try await look(at: bed, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
            #expect(old.exit != .code(0))
            #expect(old.errorText.contains("alert protocol version"), "\(old.errorText)")
            #expect(try await look(at: bed, "-tls1_2").exit == .code(0))
            #expect(try await look(at: bed, "-tls1_3", "-alpn", "h2,http/1.1").text.contains("ALPN protocol: http/1.1"))
            #expect(try await look(at: bed, "-alpn", "h2").text.contains("No ALPN negotiated"))
        }
    }

    @Test func whoSpeaksNoTLSIsClosedOutAndNobodyElseNotices() async throws {
        try await run("headerTimeout=4s") { bed, _, _ in
            let upload = try await bed.server.register(file)
            let plain = try RawSocket(port: bed.server.port)
            try await plain.send("GET \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await !plain.read(until: "\r\n\r\n").contains("HTTP/1.1"))
            let (silent, slow) = (try RawSocket(port: bed.server.port), try RawSocket(port: bed.server.port))
            try await slow.send([0x16, 0x03, 0x01])
            #expect(try await silent.read(until: "\n") == "", "no handshake in time")
            #expect(try await slow.read(until: "\n") == "", "no handshake in time")
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func stopsInOrderWithConnectionsOpen() async throws {
        try await run { bed, _, _ in
            let upload = try await bed.server.register(file)
            let idle = try ProgramProcess(
                "openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(bed.server.port)"])
            idle.send("GET /api/nothing HTTP/1.1\r\nHost: x\r\n\r")
            _ = try await idle.output.wait("an answer") { $0.text.contains("404 Not Found") ? true : nil }
            try await upload.send(0...99_999, of: file)
            #expect(try await bed.server.terminate(within: .seconds(10)) == .code(0))
            await idle.end()
        }
    }

    /// Nothing can be said before the handshake, and not everybody comes to its end.
    @Test func oneTooManyIsToldSoAfterTheHandshake() async throws {
        try await run("maxConnections=1", "headerTimeout=1h") { bed, ca, _ in
            let process = try #require(bed.server.process)
            let descriptors = try await process.restingDescriptors()
            let held = try RawSocket(port: bed.server.port)
            _ = try await eventually("the only place to be taken") {
                try process.descriptors() > descriptors ? true : nil
            }
            let curl = bed.own(
                try ProgramProcess(
                    "curl",
                    [
                        "-sS", "--cacert", ca.certificate, "--max-time", "20", "-w", "\n%{http_code}",
                        bed.server.base + "/nothing",
                    ]))
            #expect(try await curl.waitForExit() == .code(0), "\(curl.output.value.errorText)")
            let text = curl.output.value.text
            #expect(text.contains("\"retCode\":\"11\"") && text.hasSuffix("503"), "\(text)")
            let silent = try RawSocket(port: bed.server.port)
            #expect(try await silent.read(until: "\n") == "")
            try await process.settle(at: descriptors + 1)
            withExtendedLifetime(held) {}
        }
    }

    @Test func plainURLsAreWarnedAbout() async throws {
        try await run("server.addr=http://127.0.0.1") { bed, _, _ in
            let log = try bed.server.logText()
            #expect(log.contains("server.addr is no https:// URL"))
        }
    }
}
