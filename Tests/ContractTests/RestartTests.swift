import Foundation
import Glibc
import Testing
import UploadTestSupport

/// What an acknowledgement is worth when the server dies.
@Suite(.contract)
struct RestartTests {
    /// What a cleaner of /tmp does.
    @Test func bytesThatAreRemovedUnderTheServerAreAskedForAgain() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 300_000, seed: 7)
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(0...99_999, of: file).retCode == "0")
            for staged in bed.server.stagingFiles() {
                try FileManager.default.removeItem(atPath: bed.server.tmpDirectory + "/" + staged)
            }
            let answer = try await upload.send(200_000...299_999, of: file)
            #expect((answer.status, answer.retCode) == (503, "11"))
            #expect(try await upload.missing() == [0...299_999])
            try await upload.sendAll(file, blockSize: 100_000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    private let file = TestFile(size: 500_000, seed: 1)

    @Test func acknowledgedBlocksSurviveKill9() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(NewTask(file).with("feedBackParameter", "[1]"))
            try await upload.send(0...99_999, of: file)
            try await upload.send(300_000...399_999, of: file)
            let stalled = try await StalledBlock.begin(
                upload, Form(block: 100_000...199_999, file[100_000...199_999]), sending: 0.9)
            try await bed.server.kill()
            withExtendedLifetime(stalled) {}
            try await bed.server.start()
            #expect(try await upload.missing() == [100_000...299_999, 400_000...499_999])
            #expect(try await bed.server.register(NewTask(file)).id == upload.id)
            try await upload.send(400_000...499_999, of: file)
            #expect(try await upload.send(100_000...299_999, of: file).retCode == "0")
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "0")
            #expect(callback.text.contains("\"data\":[1]"))
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func aPendingCallbackIsDeliveredAfterKill9() async throws {
        try await TestBed.run { bed in
            await bed.receiver.stop()
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            try await upload.reach("finish")
            try await bed.server.kill()
            try await bed.receiver.start()
            try await bed.server.start()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func aCallbackThatWasBeingSentIsSentAgain() async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.hang], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            let first = try await bed.receiver.callback(for: upload.id)
            try await bed.server.kill()
            try await bed.server.start()
            let second = try await bed.receiver.callback(for: upload.id, 2)
            #expect(second.webhookID == first.webhookID)
            #expect(second.body == first.body)
        }
    }

    @Test func killedRightAfterTheLastBlockItFinishesAfterwards() async throws {
        try await TestBed.run { bed in
            for round in 0..<5 {
                let upload = try await bed.server.register(file, name: "\(round)")
                try await upload.sendAll(file, blockSize: 250_000)
                try await bed.server.kill()
                try await bed.server.start()
                #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
                #expect(bed.server.stored("in/\(round)") == file.bytes)
            }
        }
    }

    @Test func stagedBytesThatAreGoneAreAskedForAgain() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99_999, of: file)
            try await bed.server.kill()
            for name in bed.server.stagingFiles() {
                try FileManager.default.removeItem(atPath: bed.server.tmpDirectory + "/" + name)
            }
            try await bed.server.start()
            #expect(try await upload.missing() == [0...499_999])
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func pausedAndClosedTasksStayWhatTheyAre() async throws {
        try await TestBed.run { bed in
            let paused = try await bed.server.register(file, name: "p")
            try await paused.send(0...9, of: file)
            try await paused.change(to: "pause")
            let cancelled = try await bed.server.register(file, name: "c")
            try await cancelled.change(to: "cancel")
            try await bed.server.kill()
            try await bed.server.start()
            #expect(try await paused.info()["status"].text == "pause")
            #expect(try await paused.missing() == [10...499_999])
            #expect(try await cancelled.info()["status"].text == "cancel")
        }
    }

    @Test func aFinishedFileIsReplacedWhole() async throws {
        try await TestBed.run { bed in
            let first = try await bed.server.register(file)
            try await first.sendAll(file)
            try await first.reach("finish")
            let path = bed.server.storeDirectory + "/in/file.bin"
            let reader = try #require(FileHandle(forReadingAtPath: path))
            let other = TestFile(size: 400_000, seed: 2)
            let second = try await bed.server.register(other)
            try await second.send(0...399_998, of: other)
            #expect(bed.server.stored("in/file.bin") == file.bytes, "untouched until the new file is whole")
            try await second.send(399_999...399_999, of: other)
            try await second.reach("finish")
            #expect(bed.server.stored("in/file.bin") == other.bytes)
            #expect(try reader.readToEnd() == Data(file.bytes), "who had it open reads the old one to its end")
        }
    }
}
