import Foundation
import Testing
import UploadTestSupport

/// The commands of the seed document, run through the real curl.
@Suite(.contract)
struct SeedDocumentTests {
    private func curl(_ arguments: String...) async throws -> (head: String, json: JSONTree) {
        let process = try ProgramProcess("curl", ["-sS"] + arguments)
        try await process.waitForExit(within: .seconds(70))
        let text = process.output.value.lines.map { $0.replacing("\r", with: "") }
        guard let end = text.firstIndex(of: ""), arguments.contains("-i") else {
            return ("", (try? JSONTree(Array(text.joined().utf8))) ?? .null)
        }
        return (text[..<end].joined(separator: "\n"), (try? JSONTree(Array(text[end...].joined().utf8))) ?? .null)
    }

    @Test func theCurlLinesWork() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 1001, seed: 1)
            let path = bed.folder + "/1.mp4.01"
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
            // As printed, with the placeholders replaced; fileSize is a string there.
            let task = try await curl(
                "-i", "-H", "content-type: application/json", "-X", "POST", "-d",
                """
                {"token":"\(TestBed.token)","userId":"123","storePath":"\(bed.server.storeDirectory)/fupload/",\
                "fileName":"hello.mp4","fileSize":"1001","fileMd5":"\(file.md5)"}
                """, bed.server.newTaskURL)
            #expect(task.head.hasPrefix("HTTP/1.1 200"))
            #expect(task.json["retCode"].text == "0", "\(task)")
            let data = task.json["data"]
            let id = try #require(data["taskId"].integer)
            let (upload, blocks, state) = (
                try #require(data["uploadUrl"].text), try #require(data["blocksUrl"].text),
                try #require(data["stateUrl"].text)
            )
            let pause = try await curl(
                "-i", "-H", "content-type: application/json", "-X", "POST", "-d",
                "{\"taskId\":\(id),\"status\":\"pause\"}", state)
            #expect(pause.json["retCode"].text == "0")
            let resume = try await curl(
                "-i", "-H", "content-type: application/json", "-X", "POST", "-d",
                "{\"taskId\":\(id),\"status\":\"upload\"}", state)
            #expect(resume.json["retCode"].text == "0")
            let before = try await curl(blocks)
            #expect(before.json.expectBlocks == [0...1000])
            #expect(before.json["totalSize"].integer == 1001)
            // With the @ that the document forgot: without it curl sends the path, not the file. The header of the
            // document has no boundary; curl adds its own to -F by itself.
            let block = try await curl(
                "-i", "-X", "POST", "-F", "startByte=0", "-F", "endByte=1000", "-F", "partMd5=\(file.md5)", "-F",
                "file=@\(path)", upload)
            #expect(block.json["retCode"].text == "0", "\(block)")
            #expect(try await bed.receiver.callback(for: id).retCode == "0")
            #expect(bed.server.stored("fupload/hello.mp4") == file.bytes)
        }
    }

    @Test func theBlockLineWorksWithItsHeaderAsPrinted() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 3_000_000, seed: 1)
            let path = bed.folder + "/big"
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
            let upload = try await bed.server.register(file)
            // Above 1 MiB curl sends Expect: 100-continue, and is not to go on by itself after a second; with the header
            // given, it appends its boundary to it.
            let block = try await curl(
                "--expect100-timeout", "600", "--max-time", "60",
                "-H", "Content-Type:multipart/form-data", "-X", "POST", "-F", "startByte=0", "-F", "endByte=2999999",
                "-F", "partMd5=\(file.md5)", "-F", "file=@\(path)", upload.given.upload)
            #expect(block.json["retCode"].text == "0", "\(block)")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }
}
