import Crypto
import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Task keys, and the command that replaces their secret.
@Suite(.contract)
struct KeyRotationTests {
    private let file = TestFile(size: 1000, seed: 1)

    private func rotate(_ bed: TestBed) async throws -> ProgramProcess.Output {
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), ["rotate-key", "-c", bed.server.configuration])
        try await process.waitForExit()
        return process.output.value
    }

    /// SIGHUP, until the log says that it was done.
    private func reload(_ bed: TestBed, _ result: String) async throws {
        bed.server.process?.signal(SIGHUP)
        _ = try await bed.server.process?.waitForError(containing: "reloaded task keys: \(result)")
    }

    /// The secrets in the file by generation.
    private func secrets(_ bed: TestBed) throws -> [Int: SymmetricKey] {
        let text = try String(contentsOfFile: bed.server.database + ".key", encoding: .utf8)
        let lines = text.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
        return try lines.reduce(into: [:]) { secrets, words in
            let digits = words[1].compactMap { $0.hexDigitValue.map { UInt8($0) } }
            let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
            secrets[try #require(Int(words[0]))] = SymmetricKey(data: bytes)
        }
    }

    /// What a key is made of: who has the secret can make it.
    private func key(_ id: Int64, _ secret: SymmetricKey) -> String {
        HMAC<SHA256>.authenticationCode(for: Data("task \(id)".utf8), using: secret).prefix(16)
            .map { String(format: "%02x", $0) }.joined()
    }

    private func given(_ upload: UploadHandle) -> String {
        upload.given.blocks.components(separatedBy: "key=").last ?? ""
    }

    @Test func oldKeysOpenTheirTasksAndNoNewerOnes() async throws {
        try await TestBed.run { bed in
            let old = try await bed.server.register(file, name: "old")
            let first = try #require(try secrets(bed)[1])
            #expect(given(old) == key(old.id, first))
            let output = try await rotate(bed)
            #expect(output.exit == .code(0), "\(output.errorText)")
            #expect(output.text.contains("secret 2 added") && output.text.contains("SIGHUP"))
            let between = try await bed.server.register(file, name: "between")
            #expect(given(between) == key(between.id, first), "nothing changes before the server is told")
            try await reload(bed, "new tasks use secret 2")

            let new = try await bed.server.register(file, name: "new")
            let second = try #require(try secrets(bed)[2])
            #expect(given(new) == key(new.id, second))
            let forged = new.blocksURL.replacing(given(new), with: key(new.id, first))
            #expect(try await HTTP.get(forged).retCode == "2")
            #expect(try await HTTP.get(new.blocksURL).retCode == "0")

            #expect(try await bed.server.register(file, name: "old").given == old.given)
            try await old.sendAll(file)
            #expect(try await bed.receiver.callback(for: old.id).retCode == "0")
        }
    }

    @Test func aSecretWithoutOpenTasksIsDropped() async throws {
        try await TestBed.run { bed in
            let old = try await bed.server.register(file, name: "old")
            _ = try await rotate(bed)
            try await bed.server.terminate()
            try await bed.server.start()
            #expect(try secrets(bed).keys.sorted() == [1, 2], "its task is open")
            try await old.sendAll(file)
            _ = try await bed.receiver.callback(for: old.id)
            #expect(try await HTTP.get(old.blocksURL).json["status"].text == "finish")
            _ = try await rotate(bed)
            try await reload(bed, "new tasks use secret 3")
            #expect(try secrets(bed).keys.sorted() == [3])
            let answer = try await HTTP.get(old.blocksURL)
            #expect(answer.retCode == "2")
            let new = try await bed.server.register(file, name: "new")
            #expect(given(new) == key(new.id, try #require(try secrets(bed)[3])))
            #expect(try !bed.server.logText().contains(given(new)))
        }
    }

    @Test func theBareBytesOfAnEarlierServerStayInUse() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let bytes = SeededGenerator.bytes(32, seed: 99)
            let path = bed.server.database + ".key"
            try FileManager.default.createDirectory(atPath: bed.folder + "/data", withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try await bed.server.start()
            let upload = try await bed.server.register(file)
            #expect(given(upload) == key(upload.id, SymmetricKey(data: bytes)))
            _ = try await rotate(bed)
            try await bed.server.kill()
            try await bed.server.start()
            #expect(try await upload.info()["retCode"].text == "0")
        }
    }

    @Test func aBrokenFileIsNotTakenUp() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let path = bed.server.database + ".key"
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            bed.server.process?.signal(SIGHUP)
            let line = try await bed.server.process?.waitForError(containing: "task keys not reloaded")
            #expect(line?.contains("ERROR") == true && line?.contains("chmod 600") == true)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == good)
            try await bed.server.terminate()
            let again = try bed.server.launch()
            #expect(try await again.waitForExit() == .code(1))
            #expect(again.output.value.errorText.contains("\(path) can be read by others"))
        }
    }

    @Test(arguments: [false, true]) func aLostFileCostsTheURLsAndNoByte(hadTwoSecrets: Bool) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            if hadTwoSecrets {
                _ = try await rotate(bed)
                try await reload(bed, "new tasks use secret 2")
            }
            let newer = try await bed.server.register(file, name: "newer")
            try await newer.send(0...499, of: file)
            try await bed.server.terminate()
            try FileManager.default.removeItem(atPath: bed.server.database + ".key")
            try await bed.server.start()
            #expect(try bed.server.logText().contains("secrets of open tasks are gone"))
            for lost in [upload, newer] { #expect(try await lost.info()["retCode"].text == "2") }
            let again = try await bed.server.register(file, name: "newer")
            #expect(again.id == newer.id)
            #expect(try await again.missing() == [500...999])
        }
    }

    @Test func aSecretIsNotAddedToNothing() async throws {
        try await TestBed.run(startsServer: false) { bed in
            try FileManager.default.createDirectory(atPath: bed.folder + "/data", withIntermediateDirectories: true)
            let output = try await rotate(bed)
            #expect(output.exit == .code(1))
            #expect(output.errorText.contains(bed.server.database + ".key is not there"))
            #expect(!FileManager.default.fileExists(atPath: bed.server.database + ".key"))
        }
    }

    @Test func aWrongKeyIsAnsweredAsAMissingTask() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let wrong = String(given(upload).map { $0 == "a" ? "b" : "a" })
            func answers(_ id: Int64, _ key: String) async throws -> [String] {
                let query = "taskId=\(id)&key=\(key)"
                let form = Form(block: 0...99, file[0...99])
                let block = try await HTTP.postForm("\(bed.server.base)/api/upload/files/block?\(query)", form)
                let info = try await HTTP.get("\(bed.server.base)/api/upload/files/blocks/info?\(query)")
                let state = try await HTTP.postJSON(
                    "\(bed.server.base)/api/upload/files/state?key=\(key)", "{\"taskId\":\(id),\"status\":\"cancel\"}")
                return [block, info, state].map { answer in
                    let headers = answer.headers.filter { $0.key != "date" }.sorted { $0.key < $1.key }
                    return "\(answer.status) \(headers) \(answer.text)"
                }
            }
            let missing = try await answers(upload.id == 1 ? 2 : upload.id - 1, given(upload))
            for answer in missing { #expect(answer.contains("\"retCode\":\"2\"")) }
            for key in [wrong, "", given(upload).uppercased(), given(upload) + "0", "é"] {
                let encoded = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                #expect(try await answers(upload.id, encoded) == missing)
            }
            #expect(try await upload.missing() == [0...999])
        }
    }
}
