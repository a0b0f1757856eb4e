import Testing
import UploadTestSupport

/// Blocks whose file comes before its range: their bytes are on disk twice for a while, and only one of the two was
/// promised to anybody.
@Suite(.contract)
struct SpoolTests {
    private let file = TestFile(size: 3000, seed: 1)

    private func spooled(_ range: ClosedRange<Int>) -> Form {
        Form(Form(block: range, file[range]).parts.reversed())
    }

    @Test func aSpoolTakesNoRoomThatOthersWerePromised() async throws {
        try await TestBed.runWithShim("minFreeSpace=6000") { bed, shim in
            // 288 bytes are left when two tasks of 3000 have their room.
            try shim.reportFree(bytes: 3 * 4096)
            let upload = try await bed.server.register(file)
            let neighbour = try await bed.server.register(file, name: "neighbour.bin")
            let form = spooled(0...999)
            for chunked in [false, true] {
                let refused = try await HTTP.postForm(upload.uploadURL, form, chunked: chunked)
                #expect(refused.retCode == "3" && refused.status == 507, "\(refused.text)")
                #expect(refused.sentence.contains("startByte"), "says what a client can do about it")
            }
            #expect(try await upload.missing() == [0...2999])

            // What fits is taken, and so is whatever needs no second room.
            #expect(try await HTTP.postForm(upload.uploadURL, spooled(2800...2999)).retCode == "1")
            #expect(try await upload.send(1000...1999, of: file).retCode == "1")
            try await neighbour.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: neighbour.id).retCode == "0")
            #expect(bed.server.stored("in/neighbour.bin") == file.bytes)

            // The neighbour has what it was promised, so that there is room again.
            #expect(try await HTTP.postForm(upload.uploadURL, form).retCode == "1")
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// The client is told before it has sent the rest.
    @Test func aSpoolThatHasNoRoomAtAllIsNotBegun() async throws {
        try await TestBed.runWithShim("minFreeSpace=6000") { bed, shim in
            let free = try shim.reportFree(bytes: 3 * 4096)
            let upload = try await bed.server.register(file)
            _ = try await bed.server.register(file, name: "neighbour.bin")
            free.remove()
            // Somebody else took some.
            try shim.reportFree(bytes: 2 * 4096)
            let form = spooled(0...999)
            let stalled = try await StalledBlock.begin(upload, form, sending: 0.5)
            let refused = try await stalled.readAnswer()
            #expect(refused.retCode == "3" && refused.status == 507, "\(refused.text)")
            #expect(try await upload.send(0...999, of: file).retCode == "0", "its own place was promised")
        }
    }
}
