import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Tokens, keys and secrets go where they must, and nowhere else.
@Suite(.contract)
struct SecrecyTests {
    private let file = TestFile(size: 1000, seed: 1)
    private static let wrongToken = "wrong-token-5d1c-88a2"
    private static let querySecret = "query-secret-77aa-19cd"

    /// Everything that must not show, by what it is. What is text is looked for as text, in whatever case.
    private struct Secrets {
        var texts: [String: String]
        var bytes: [String: [UInt8]]

        func found(in data: [UInt8]) -> [String] {
            let text = String(decoding: data.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
            let haystack = Data(data)
            return texts.filter { text.contains($0.value.lowercased()) }.map(\.key)
                + bytes.filter { haystack.range(of: Data($0.value)) != nil }.map(\.key)
        }

        func found(in text: String) -> [String] { found(in: Array(text.utf8)) }
    }

    private func secrets(_ bed: TestBed, _ identity: TestCA.Identity, keys: [String]) throws -> Secrets {
        let rows = try String(contentsOfFile: bed.server.keyFile, encoding: .utf8).split(separator: "\n").dropFirst()
        let taskSecrets = rows.compactMap { $0.split(separator: " ").last.map(String.init) }
        let pem = try String(contentsOfFile: identity.key, encoding: .utf8).split(separator: "\n")
        var texts = [
            "the token": TestBed.token, "the second token": TestBed.secondToken, "a wrong token": Self.wrongToken,
            "the webhook secret": String(TestBed.secret.dropFirst(6)), "the query of a URL": Self.querySecret,
            "the TLS key": String(try #require(pem.dropFirst().first)),
        ]
        var bytes = ["the webhook secret's bytes": TestBed.secretBytes]
        for (number, key) in keys.enumerated() {
            texts["task key \(number)"] = key
            bytes["task key \(number)'s bytes"] = Self.bytes(key)
        }
        #expect(taskSecrets.count == 2)
        for (number, secret) in taskSecrets.enumerated() {
            texts["task secret \(number)"] = secret
            bytes["task secret \(number)'s bytes"] = Self.bytes(secret)
        }
        return Secrets(texts: texts, bytes: bytes)
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap { $0.hexDigitValue.map { UInt8($0) } }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func key(_ upload: UploadHandle) -> String {
        upload.given.state.components(separatedBy: "key=").last ?? ""
    }

    private func command(_ bed: TestBed, _ arguments: [String]) async throws -> String {
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), arguments + ["-c", bed.server.configuration])
        try await process.waitForExit()
        return process.output.value.text + process.output.value.errorText
    }

    // MARK: What goes wrong

    /// Requests that carry credentials where they do not belong, or wrong ones.
    private func badRequests(_ bed: TestBed, _ upload: UploadHandle) async throws -> [String] {
        let (base, new, key) = (bed.server.base, bed.server.newTaskURL, key(upload))
        let token = TestBed.token
        let good = NewTask(file, name: "other")
        var answers: [HTTPAnswer] = []
        for body in [
            good.with("token", "\"\(Self.wrongToken)\"").json, "{\"token\":\"\(token)\",", "{\"token\":\"\(token)",
            "{\"token\":\"\(token)\",\"token\":\"\(token)\"}", "{\"token\":[\"\(token)\"]}", "{\"\(token)\":1}",
            "[\"\(token)\"]", token, "{\"token\":\"\(token)\"} \(token)", good.with("fileSize", "\"\(token)\"").json,
            good.with("fileMd5", "\"\(token)\"").json, good.with("storePath", "\"/\(token)\"").json,
            good.with("fileName", "\"/\(token)\"").json, good.with("userId", "{\"\(token)\":1}").json,
            good.with("feedBackParameter", "{\"\(token)\"").json,
        ] {
            answers.append(try await HTTP.postJSON(new, body))
        }
        for url in [
            "\(base)/api/\(token)", "\(base)/api/upload/files/blocks/info/\(key)", "\(new)?token=\(token)",
            "\(base)/api/upload/files/blocks/info?taskId=\(key)&key=\(upload.id)",
            "\(base)/api/upload/files/blocks/info?taskId=\(upload.id)%26key=\(key)",
            "\(base)/api/upload/files/blocks/info?taskId=\(upload.id)&key=\(key)x",
            "\(base)/api/upload/files/block?taskId=\(upload.id)&key=\(key)",
        ] {
            answers.append(try await HTTP.get(url))
            answers.append(try await HTTP.postJSON(url, "{\"taskId\":\"\(key)\",\"status\":\"\(key)\"}"))
            answers.append(try await HTTP.send("PUT", url))
        }
        for form in [
            Form([.init("startByte", key), .init("endByte", token), .init("file", "x")]), Form([.init(key, token)]),
            Form(block: 0...9, file[0...9], md5: key), Form(block: 0...9_999, file.bytes),
        ] {
            answers.append(try await HTTP.postForm(upload.uploadURL, form))
        }
        answers.append(
            try await HTTP.send("POST", upload.uploadURL, headers: ["Content-Type": "text/\(key)"], body: [1]))
        answers.append(try await HTTP.postJSON(upload.stateURL, "{\"taskId\":\(upload.id),\"status\":\"\(key)\"}"))
        #expect(Set(answers.map(\.retCode)).isSuperset(of: ["1", "2", "6", "7", "8"]))
        return answers.map { "\($0.headers)\n\($0.text)" }
    }

    /// A fault of the server's own: its database is not as it left it.
    private func internalErrors(_ bed: TestBed, _ upload: UploadHandle) async throws -> [String] {
        try await bed.server.sqlite("ALTER TABLE events RENAME TO moved")
        let answers = [
            try await bed.server.post(NewTask(file, name: "internal")), try await upload.change(to: "pause"),
        ]
        try await bed.server.sqlite("ALTER TABLE moved RENAME TO events")
        for answer in answers { #expect(answer.retCode == "20") }
        return answers.map(\.text)
    }

    /// What is no TLS on the port that serves it.
    private func noTLS(_ bed: TestBed, _ upload: UploadHandle) async throws -> String {
        let socket = try RawSocket(port: bed.server.port)
        try await socket.send("GET \(upload.uploadTarget) HTTP/1.1\r\nX-Token: \(TestBed.token)\r\n\r\n")
        return try await socket.read(until: "\r\n\r\n")
    }

    // MARK: Where it is looked for

    @Test func tokensKeysAndSecretsShowNowhere() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let identity = try await ca.issue("front")
            let untrusted = try RecordingReceiver(identity)
            try await untrusted.start()
            try await bed.server.start(overrides: [
                "logLevel=trace", "server.tls.certificate=\(identity.certificate)", "server.tls.key=\(identity.key)",
                "server.addr=https://127.0.0.1", "trustedProxies=127.0.0.1", "registrationsPerAddress=100",
                "bServer.\(TestBed.secondToken).notifyUrl=\(untrusted.url("/two?auth=\(Self.querySecret)"))",
            ])
            do {
                try await HTTP.trusting(ca) { try await look(bed, identity) }
            } catch {
                await bed.server.process?.end()
                await untrusted.stop()
                throw error
            }
            await untrusted.stop()
        }
    }

    private func look(_ bed: TestBed, _ identity: TestCA.Identity) async throws {
        let first = try await bed.server.register(file, name: "first")
        let second = try await bed.server.register(
            NewTask(file, name: "second").with("token", "\"\(TestBed.secondToken)\""))
        var said = try await badRequests(bed, first) + internalErrors(bed, first) + [noTLS(bed, first)]
        said.append(try await command(bed, ["rotate-key"]))
        bed.server.process?.signal(SIGHUP)
        _ = try await bed.server.process?.waitForError(containing: "reloaded TLS certificate")
        let third = try await bed.server.register(file, name: "third")
        let secrets = try secrets(bed, identity, keys: [key(first), key(second), key(third)])
        for _ in 0..<120 {
            said.append(try await bed.server.post(NewTask(file).with("token", "\"\(Self.wrongToken)\"")).text)
        }

        // Callbacks that fail: one is refused, one does not get through TLS.
        bed.receiver.plan([.status(500), .status(302, header: ("Location", "/\(TestBed.token)"))], for: "/one")
        try await first.sendAll(file)
        try await second.sendAll(file)
        _ = try await bed.receiver.callback(for: first.id, 3)
        let failed = try await eventually("a failed attempt") {
            let errors = try await bed.server.sqlite(
                "SELECT error FROM callback_attempts WHERE error LIKE 'TLS%' UNION ALL SELECT last_error FROM callbacks "
                    + "UNION ALL SELECT error FROM callback_attempts UNION ALL SELECT detail FROM events")
            return errors.contains("TLS: ") ? errors : nil
        }
        #expect(secrets.found(in: failed) == [])

        // The database as it is while the server runs, its log of writes included; and when it has stopped.
        var database = try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: bed.server.database + $0)) }
        try await bed.server.terminate()
        database.append(try Data(contentsOf: URL(fileURLWithPath: bed.server.database)))
        var stored = secrets
        // Where callbacks go has to be stored; who reads the database reads it.
        stored.texts["the query of a URL"] = nil
        #expect(database[0].count + database[1].count > 65_536)
        for data in database {
            #expect(stored.found(in: Array(data)) == [])
        }

        let log = try bed.server.logText()
        for line in ["refused: token is not authorised", "internal error", "callback failed", "TLS: "] {
            #expect(log.contains(line), "\(line)")
        }
        #expect(secrets.found(in: log) == [])
        for text in said { #expect(secrets.found(in: text) == [], "\(text)") }

        // Commands.
        let query = "bServer.\(TestBed.secondToken).notifyUrl=http://127.0.0.1/?auth=\(Self.querySecret)"
        let checked = try await command(bed, ["--check-config", "--set", query])
        #expect(checked.contains("the configuration is good"))
        let faulty = try await command(
            bed,
            [
                "--check-config", "--set", query.replacing("http:", with: "ftp:"), "--set",
                "bServer.\(TestBed.token).secret=whsec_\(Self.querySecret)", "--set",
                "bServer.\(TestBed.token).notifyURL=x",
            ])
        #expect(faulty.contains("notifyUrl"))
        for text in [checked, faulty] { #expect(secrets.found(in: text) == [], "\(text)") }
    }
}
