import Crypto
import Foundation
import Synchronization
import Testing
import UploadTestSupport

/// Contract, "Callback": what is said, and when.
@Suite(.contract)
struct CallbackTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func theBodyHasExactlyTheseFields() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(NewTask(file, name: "n \u{e9}.bin", in: "a/b", user: "me"))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(
                callback.json.names == [
                    "data", "fileMd5", "fileName", "fileSize", "retCode", "status", "storePath", "taskId", "userId",
                ])
            #expect(callback.path == "/one")
            #expect(callback.headers[":method"] == "POST")
            #expect(callback.headers["content-type"]?.hasPrefix("application/json") == true)
            #expect(callback.json["retCode"].text == "0")
            #expect(callback.json["taskId"].integer == upload.id)
            #expect(callback.json["userId"].text == "me")
            #expect(callback.json["fileName"].text == "n \u{e9}.bin")
            #expect(callback.json["fileSize"].integer == 1000)
            #expect(callback.json["fileMd5"].text == file.md5)
            #expect(callback.json["storePath"].text == "a/b")
            #expect(callback.json["data"].text == "", "no feedBackParameter was sent")
        }
    }

    @Test func theFeedbackComesBackByteForByte() async throws {
        let values = [
            #"{"b":1.0,"a":"\u00e9 é","n":12345678901234567890}"#, #"{ "x" : [ 1e400 , -0 , 1E+2 ] }"#, "\"\"", "null",
            "0", "true", #""\ud83d\ude00 \/ 😀""#, "[]", #"{"a":1,"a":2}"#, "\"{\\\"k\\\":1}\"",
        ]
        try await TestBed.run { bed in
            for (index, value) in values.enumerated() {
                let upload = try await bed.server.register(
                    NewTask(file, name: "\(index)").with("feedBackParameter", value))
                try await upload.sendAll(file)
                let callback = try await bed.receiver.callback(for: upload.id)
                #expect(callback.text.contains("\"data\":\(value),\""), "\(value): \(callback.text)")
            }
        }
    }

    @Test func theFileIsInPlaceBeforeTheCallback() async throws {
        try await TestBed.run { bed in
            let seen = Mutex<[UInt8]?>(nil)
            let path = bed.server.storeDirectory + "/in/file.bin"
            bed.receiver.inspect { _ in seen.withLock { $0 = TemporaryDirectory.read(path) } }
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            #expect(seen.withLock { $0 } == file.bytes)
        }
    }

    @Test func failuresHaveTheirCodesAndNoData() async throws {
        try await TestBed.run { bed in
            let plain = NewTask(file).with("feedBackParameter", "{\"a\":1}")
            let mismatch = try await bed.server.register(plain.with("fileMd5", "\"\(TestFile([]).md5)\""))
            try await mismatch.sendAll(file)

            let cancelled = try await bed.server.register(plain.with("fileName", "\"cancelled\""))
            try await cancelled.change(to: "cancel")

            try FileManager.default.createDirectory(
                atPath: bed.server.storeDirectory + "/in/taken/by/folder", withIntermediateDirectories: true)
            let blocked = try await bed.server.register(plain.with("fileName", "\"taken\""))
            try await blocked.sendAll(file)

            for (upload, retCode) in [(mismatch, "-2"), (cancelled, "-3"), (blocked, "-4")] {
                let callback = try await bed.receiver.callback(for: upload.id)
                #expect(callback.retCode == retCode, "\(callback.text)")
                #expect(callback.text.contains("\"data\":\"\""), "\(callback.text)")
                #expect(callback.json["status"].text?.isEmpty == false)
                #expect(callback.json["taskId"].integer == upload.id)
            }
            _ = try await eventually("removed staging files") { bed.server.stagingFiles().isEmpty ? true : nil }
        }
    }

    @Test func aTimeoutIsCalledBack() async throws {
        try await TestBed.run("taskTimeout=1s") { bed in
            let upload = try await bed.server.register(NewTask(file).with("feedBackParameter", "{\"a\":1}"))
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "-1", "\(callback.text)")
            #expect(callback.text.contains("\"data\":\"\""), "\(callback.text)")
            #expect(try await upload.info()["status"].text == "timeout")
            #expect(try await upload.send(0...99, of: file).retCode == "9")
        }
    }

    @Test func oneEndIsOneCallback() async throws {
        try await TestBed.run { bed in
            var ids: [Int64] = []
            for index in 0..<10 {
                let upload = try await bed.server.register(file, name: "\(index)")
                try await upload.sendAll(file)
                ids.append(upload.id)
            }
            for id in ids { _ = try await bed.receiver.callback(for: id) }
            for id in ids { #expect(bed.receiver.callbacks(for: id).count == 1) }
            #expect(Set(bed.receiver.recorded.value.compactMap(\.webhookID)).count == 10)
        }
    }

    @Test func theSignatureIsTheSpecifications() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            let id = try #require(callback.webhookID)
            let timestamp = try #require(callback.headers["webhook-timestamp"])
            let seconds = try #require(Int64(timestamp))
            #expect(abs(Date().timeIntervalSince1970 - Double(seconds)) < 300)
            #expect(!id.contains("."))
            let message = Data("\(id).\(timestamp).".utf8) + callback.body
            let code = HMAC<SHA256>.authenticationCode(
                for: message, using: SymmetricKey(data: TestBed.secretBytes))
            #expect(callback.headers["webhook-signature"] == "v1," + Data(code).base64EncodedString())
        }
    }

    @Test func withoutASecretItIsUnsigned() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(NewTask(file).with("token", "\"\(TestBed.secondToken)\""))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.path == "/two")
            #expect(callback.webhookID != nil && callback.headers["webhook-timestamp"] != nil)
            #expect(callback.headers["webhook-signature"] == nil)
        }
    }
}
