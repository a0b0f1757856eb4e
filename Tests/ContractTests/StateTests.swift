import Foundation
import Testing
import UploadTestSupport

/// Contract, "POST stateUrl".
@Suite(.contract)
struct StateTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func pauseRefusesBlocksUntilUpload() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            let paused = try await upload.change(to: "pause")
            #expect(paused.retCode == "0")
            #expect(paused.data.text == "")
            #expect(try await upload.send(100...199, of: file).retCode == "4")
            #expect(try await upload.missing() == [100...999])
            #expect(try await upload.change(to: "pause").retCode == "5")
            #expect(try await upload.change(to: "upload").retCode == "0")
            #expect(try await upload.change(to: "upload").retCode == "5")
            #expect(try await upload.send(100...999, of: file).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func cancelRemovesTheBytesAndClosesTheTask() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            #expect(bed.server.stagingFiles().count == 1)
            #expect(try await upload.change(to: "cancel").retCode == "0")
            #expect(bed.server.stagingFiles().isEmpty)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "-3")
            let after = try await upload.send(100...199, of: file)
            #expect(after.retCode == "9")
            #expect(after.sentence.contains("cancel"))
            #expect(try await upload.change(to: "pause").retCode == "9")
            #expect(try await upload.change(to: "upload").retCode == "9")
            #expect(try await upload.change(to: "cancel").retCode == "5")
            #expect(bed.server.stagingFiles().isEmpty)
        }
    }

    @Test func aPausedTaskCanBeCancelled() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            try await upload.change(to: "pause")
            #expect(try await upload.change(to: "cancel").retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "-3")
        }
    }

    @Test func aClosedTaskSaysHow() async throws {
        try await TestBed.run { bed in
            let finished = try await bed.server.register(file, name: "a")
            try await finished.sendAll(file)
            try await finished.reach("finish")
            let failed = try await bed.server.register(
                NewTask(file, name: "b").with("fileMd5", "\"\(TestFile([]).md5)\""))
            try await failed.sendAll(file)
            try await failed.reach("fail")
            for (upload, word) in [(finished, "finish"), (failed, "fail")] {
                for answer in [try await upload.send(0...99, of: file), try await upload.change(to: "cancel")] {
                    #expect(answer.retCode == "9", "\(answer.text)")
                    #expect(answer.sentence.contains(word), "\(answer.text)")
                }
            }
            #expect(bed.server.stored("in/b") == nil)
            #expect(bed.server.stagingFiles().isEmpty)
        }
    }

    @Test func theTaskIdMayBeAString() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let body = "{\"taskId\":\"\(upload.id)\",\"status\":\"pause\"}"
            #expect(try await HTTP.postJSON(upload.stateURL, body).retCode == "0")
            #expect(try await upload.info()["status"].text == "pause")
        }
    }

    @Test func wrongKeysAndUnknownTasksAreRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let body = "{\"taskId\":\(upload.id),\"status\":\"cancel\"}"
            let bare = bed.server.base + "/api/upload/files/state"
            for url in [bare, bare + "?key=", bare + "?key=wrong"] {
                #expect(try await HTTP.postJSON(url, body).retCode == "2")
            }
            let other = body.replacing("\(upload.id)", with: "12345")
            #expect(try await HTTP.postJSON(upload.stateURL, other).retCode == "2")
            #expect(try await upload.info()["status"].text == "upload")
        }
    }

    @Test func aPauseLetsABlockInFlightEnd() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 1_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...599_999, file[0...599_999])
            let socket = try await StalledBlock.begin(upload, form, sending: 0.5)
            // The first half has arrived once its bytes are in the staging file.
            _ = try await eventually("bytes of the block in flight") {
                bed.server.stagingFiles().isEmpty ? nil : true
            }
            #expect(try await upload.change(to: "pause").retCode == "0")
            #expect(try await upload.send(700_000...800_000, of: file).retCode == "4")
            try await socket.send(Array(form.bytes.dropFirst(Int(Double(form.bytes.count) * 0.5))))
            #expect(try await socket.readAnswer().retCode == "0")
            #expect(try await upload.missing() == [600_000...999_999])
            #expect(try await upload.info()["status"].text == "pause")
        }
    }

    @Test func aCancelCutsABlockInFlight() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 1_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let socket = try await StalledBlock.begin(upload, Form(block: 0...599_999, file[0...599_999]), sending: 0.5)
            _ = try await eventually("bytes of the block in flight") {
                bed.server.stagingFiles().isEmpty ? nil : true
            }
            #expect(try await upload.change(to: "cancel").retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "-3")
            #expect(try await socket.readAnswer().retCode == "9")
            #expect(bed.server.stagingFiles().isEmpty)
        }
    }
}
