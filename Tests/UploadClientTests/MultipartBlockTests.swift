import Foundation
import Testing

@testable import UploadClient

@Suite struct MultipartBlockTests {
    private let content = "0123456789"

    @Test func bodyIsByteForByteWhatFormsSend() async throws {
        let (file, remove) = try sourceFile()
        defer { remove() }
        let block = try range(3, 6)
        let frame = MultipartBlock(range: block, partMd5: "d41d8cd98f00b204e9800998ecf8427e", boundary: "B")
        let meter = TransferMeter(reporter: SilentProgress())
        var bytes: [UInt8] = []
        for try await piece in BlockBody(file: file, range: block, frame: frame, meter: meter) {
            bytes += piece.readableBytesView
        }
        let expected = [
            "--B", #"Content-Disposition: form-data; name="startByte""#, "", "3",
            "--B", #"Content-Disposition: form-data; name="endByte""#, "", "6",
            "--B", #"Content-Disposition: form-data; name="partMd5""#, "", "d41d8cd98f00b204e9800998ecf8427e",
            "--B", #"Content-Disposition: form-data; name="file"; filename="block""#,
            "Content-Type: application/octet-stream", "", "3456", "--B--", "",
        ].joined(separator: "\r\n")
        #expect(String(bytes: bytes, encoding: .utf8) == expected)
        #expect(frame.contentLength == Int64(bytes.count))
        #expect(frame.contentType == "multipart/form-data; boundary=B")
    }

    @Test func md5OfPartsAndOfNothing() async throws {
        let (file, remove) = try sourceFile()
        defer { remove() }
        #expect(try await FileHasher.md5(of: file, at: 0, count: 10) == "781e5e245d69b566979b86e28d23f2c7")
        #expect(try await FileHasher.md5(of: file, at: 3, count: 0) == "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test func aFileThatEndsEarlyHasChanged() async throws {
        let (file, remove) = try sourceFile()
        defer { remove() }
        await #expect(throws: UploadFailure.fileChanged(path: file.path)) {
            try await FileHasher.md5(of: file, at: 5, count: 10)
        }
        await #expect(throws: UploadFailure.fileChanged(path: file.path)) { try await file.read(at: 8, count: 3) }
    }

    @Test func aFileThatGrewHasChanged() throws {
        let (file, remove) = try sourceFile()
        defer { remove() }
        try file.checkUnchanged()
        try Data("longer than before".utf8).write(to: URL(fileURLWithPath: file.path))
        #expect(throws: UploadFailure.fileChanged(path: file.path)) { try file.checkUnchanged() }
    }

    @Test func directoriesAndMissingFilesAreRefused() {
        #expect(throws: UploadFailure.self) { try SourceFile(path: "/") }
        #expect(throws: UploadFailure.self) { try SourceFile(path: "/no/such/file") }
    }

    private func sourceFile() throws -> (file: SourceFile, remove: () -> Void) {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(content.utf8).write(to: url)
        return (try SourceFile(path: url.path), { try? FileManager.default.removeItem(at: url) })
    }
}
