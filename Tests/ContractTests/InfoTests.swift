import Foundation
import Testing
import UploadTestSupport

/// Contract, "GET blocksUrl".
@Suite(.contract)
struct InfoTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func bothShapesAreServed() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(100...199, of: file)
            let info = try await upload.info()
            #expect(info.names == ["data", "expectBlocks", "receivedSize", "retCode", "status", "totalSize"])
            #expect(info["data"].names == ["expectBlocks", "receivedSize", "status", "totalSize"])
            for name in info["data"].names { #expect(info[name] == info["data"][name], "\(name)") }
            #expect(info["retCode"].text == "0")
            #expect(info["totalSize"].integer == 1000)
            #expect(info["receivedSize"].integer == 100)
            #expect(info["status"].text == "upload")
            #expect(info["expectBlocks"].elements.first?.names == ["endByte", "startByte"])
        }
    }

    @Test func rangesAreSortedAndDisjoint() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            #expect(try await upload.missing() == [0...999])
            for range in [900...999, 10...19, 500...599, 20...29, 5...14, 600...600] {
                try await upload.send(range, of: file)
            }
            #expect(try await upload.missing() == [0...4, 30...499, 601...899])
            #expect(try await upload.info()["receivedSize"].integer == 226)
            for range in try await upload.missing() { try await upload.send(range, of: file) }
            #expect(try await upload.missing() == [])
            #expect(try await upload.info()["receivedSize"].integer == 1000)
        }
    }

    @Test func theStatusFollowsTheTask() async throws {
        try await TestBed.run { bed in
            let cancelled = try await bed.server.register(file, name: "cancel")
            try await cancelled.change(to: "cancel")
            #expect(try await cancelled.info()["status"].text == "cancel")
            let paused = try await bed.server.register(file, name: "pause")
            #expect(try await paused.info()["status"].text == "upload")
            try await paused.change(to: "pause")
            #expect(try await paused.info()["status"].text == "pause")

            let finished = try await bed.server.register(file, name: "finish")
            try await finished.sendAll(file)
            #expect(["verify", "finish"].contains(try await finished.info()["status"].text))
            try await finished.reach("finish")

            let failed = try await bed.server.register(
                NewTask(file, name: "fail").with("fileMd5", "\"\(TestFile([]).md5)\""))
            try await failed.sendAll(file)
            try await failed.reach("fail")
        }
    }

    @Test func aPausedTaskIsKeptLongerThanOneThatReceives() async throws {
        try await TestBed.run("taskTimeout=4s") { bed in
            let paused = try await bed.server.register(file, name: "pause")
            #expect(try await paused.change(to: "pause").retCode == "0")
            let timingOut = try await bed.server.register(file, name: "timeout")
            try await timingOut.reach("timeout")
            #expect(try await paused.info()["status"].text == "pause")
        }
    }
}
