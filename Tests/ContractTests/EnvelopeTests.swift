import Foundation
import Testing
import UploadTestSupport

/// Contract, "Envelope".
@Suite(.contract)
struct EnvelopeTests {
    @Test func everyAnswerIsTheEnvelopeAsJSON() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 100, seed: 1)
            let upload = try await bed.server.register(file)
            let answers = [
                try await bed.server.post(NewTask(file)),
                try await HTTP.postJSON(bed.server.newTaskURL, "[]"),
                try await upload.send(0...49, of: file),
                try await upload.send(0...200, of: TestFile(size: 300, seed: 2)),
                try await upload.change(to: "upload"),
                try await HTTP.get(bed.server.base + "/nothing"),
                try await HTTP.get(bed.server.newTaskURL),
            ]
            for answer in answers {
                #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true)
                #expect(answer.json.names == ["data", "retCode", "status"], "\(answer.text)")
                #expect(answer.retCode != nil && answer.json["status"].text != nil)
            }
        }
    }

    @Test func unknownRouteIs404AndWrongMethod405() async throws {
        try await TestBed.run { bed in
            for path in ["/", "/api/upload/new/task/more", "/api/upload/files/blocks"] {
                let answer = try await HTTP.get(bed.server.base + path)
                #expect(answer.status == 404)
                #expect(answer.retCode != nil && answer.retCode != "0")
            }
            let wrong = [
                ("GET", "new/task", "POST"), ("PUT", "files/block", "POST"), ("GET", "files/state", "POST"),
                ("DELETE", "files/state", "POST"), ("POST", "files/blocks/info", "GET"),
            ]
            for (method, path, allowed) in wrong {
                let answer = try await HTTP.send(method, "\(bed.server.base)/api/upload/\(path)?taskId=1", body: [])
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.headers["allow"]?.contains(allowed) == true)
                #expect(answer.retCode != nil && answer.retCode != "0")
            }
        }
    }

    /// A path that is served with more slashes than it needs is a route with any other method, too.
    @Test func slashesDoNotCount() async throws {
        try await TestBed.run { bed in
            let path = "/api/upload//new/task/"
            let task = NewTask(TestFile(size: 10, seed: 1)).json
            #expect(try await HTTP.postJSON(bed.server.base + path, task).retCode == "0")
            let wrong = try await HTTP.get(bed.server.base + path)
            #expect((wrong.status, wrong.retCode, wrong.headers["allow"]) == (405, "6", "POST"))
            #expect(try await HTTP.get(bed.server.base + path + "more").status == 404)
        }
    }

    /// RFC 9110, section 8.6: as long as the answer to GET would be.
    @Test func anAnswerToHEADTellsTheLengthOfTheBody() async throws {
        try await TestBed.run { bed in
            for (path, status) in [("/nothing", 404), ("/api/upload/new/task", 405)] {
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let head = try await socket.readToEnd().lowercased()
                let whole = try await HTTP.get(bed.server.base + path)
                // The sentence of 405 names the method.
                let length = whole.body.count + (status == 405 ? 1 : 0)
                #expect(whole.status == status && head.hasPrefix("http/1.1 \(status) "), "\(head)")
                #expect(head.contains("\r\ncontent-length: \(length)\r\n"), "\(head)")
                #expect(head.hasSuffix("\r\n\r\n"), "\(head)")
            }
        }
    }

    /// Its body would be taken for the beginning of the next answer.
    @Test func anAnswerToHEADHasNoBody() async throws {
        try await TestBed.run { bed in
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            let head = try await socket.read(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 404"))
            let next = try await socket.readAnswer()
            #expect((next.status, next.retCode) == (404, "6"))
        }
    }

    @Test func outcomesOfTheProtocolTravelWith200() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 10, seed: 1)
            let upload = try await bed.server.register(file)
            let outcomes: [(String, HTTPAnswer)] = [
                ("0", try await upload.send(0...3, of: file)),
                ("1", try await bed.server.post(NewTask(file).with("token", "\"wrong\""))),
                ("2", try await HTTP.get(bed.server.base + "/api/upload/files/blocks/info?taskId=1&key=no")),
                ("5", try await upload.change(to: "upload")),
                ("6", try await bed.server.post(NewTask(file).with("fileMd5", nil))),
                (
                    "7",
                    try await HTTP.postForm(
                        upload.uploadURL, Form(block: 4...5, file[4...5], md5: file.md5))
                ),
                ("8", try await HTTP.postForm(upload.uploadURL, Form(block: 4...5, file[4...6]))),
                ("0", try await upload.change(to: "pause")),
                ("4", try await upload.send(4...5, of: file)),
                ("0", try await upload.change(to: "cancel")),
                ("9", try await upload.send(4...5, of: file)),
            ]
            for (retCode, answer) in outcomes {
                #expect(answer.retCode == retCode, "\(answer.text)")
                #expect(answer.status == 200, "\(answer.text)")
            }
        }
    }

    @Test func tooLargeIs413() async throws {
        let overrides = ["maxFileSize=1000", "maxBlockSize=100", "maxRequestBody=2KiB"]
        try await TestBed.run(overrides[0], overrides[1], overrides[2]) { bed in
            let file = TestFile(size: 1000, seed: 1)
            let upload = try await bed.server.register(file)
            let answers = [
                try await bed.server.post(NewTask(TestFile(size: 1001, seed: 1))),
                try await upload.send(0...100, of: file),
                try await HTTP.postForm(upload.uploadURL, Form(Form(block: 0...100, file[0...100]).parts.reversed())),
                try await bed.server.post(
                    NewTask(file).with("feedBackParameter", "\"\(String(repeating: "x", count: 3000))\"")),
            ]
            for answer in answers {
                #expect(answer.retCode == "10", "\(answer.text)")
                #expect(answer.status == 413)
            }
            #expect(try await upload.send(0...99, of: file).retCode == "0")
            #expect(try await upload.missing() == [100...999])
        }
    }

    @Test func noSpaceIs507() async throws {
        try await TestBed.run { bed in
            let task = NewTask(TestFile(size: 1, seed: 1)).with("fileSize", "4611686018427387904")
            let answer = try await bed.server.post(task)
            #expect(answer.retCode == "3")
            #expect(answer.status == 507)
        }
    }

    @Test func aMissingTemporaryFolderIs507() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 10, seed: 1)
            let upload = try await bed.server.register(file)
            for name in try FileManager.default.contentsOfDirectory(atPath: bed.server.tmpDirectory)
            where name != ".lock" {
                try FileManager.default.removeItem(atPath: bed.server.tmpDirectory + "/" + name)
                // Otherwise the folder is made again.
                #expect(FileManager.default.createFile(atPath: bed.server.tmpDirectory + "/" + name, contents: nil))
            }
            for form in [Form(block: 0...9, file.bytes), Form(Form(block: 0...9, file.bytes).parts.reversed())] {
                let answer = try await HTTP.postForm(upload.uploadURL, form)
                #expect(answer.retCode == "3", "\(answer.text)")
                #expect(answer.status == 507)
                #expect(!answer.sentence.contains(bed.folder))
            }
        }
    }

    @Test func busyIs503WithRetryAfter() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 10, seed: 1)
            let upload = try await bed.server.register(file)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            // Held longer than the server waits.
            let answer = try await upload.send(0...9, of: file)
            #expect(answer.retCode == "11", "\(answer.text)")
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"].flatMap { Int($0) } != nil)
            shell.send("COMMIT; SELECT 'released';")
            _ = try await shell.waitForError(containing: "released")
            #expect(try await upload.send(0...9, of: file).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func anInternalErrorIs500WithAnIdThatTheLogHas() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(TestFile(size: 10, seed: 1))
            try await bed.server.sqlite("DROP TABLE blocks")
            let answer = try await HTTP.get(upload.blocksURL)
            #expect(answer.retCode == "20", "\(answer.text)")
            #expect(answer.status == 500)
            let id = try #require(answer.sentence.split(separator: " ").last)
            _ = try await bed.server.process?.waitForError(containing: "id=\(id)")
        }
    }

    @Test func sentencesCarryNeitherPathNorToken() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 10, seed: 1)
            let upload = try await bed.server.register(file)
            let answers = [
                try await bed.server.post(NewTask(file).with("token", "\"a-secret-token\"")),
                try await bed.server.post(NewTask(file).with("storePath", "\"/etc/secret-folder\"")),
                try await bed.server.post(NewTask(file).with("storePath", "\"../secret-folder\"")),
                try await bed.server.post(NewTask(file).with("fileName", "\"secret-folder/x\"")),
                try await upload.send(0...20, of: TestFile(size: 30, seed: 1)),
                try await HTTP.get(bed.server.base + "/api/upload/files/blocks/info?taskId=1&key=a-secret-token"),
            ]
            for answer in answers {
                #expect(answer.retCode != "0")
                for secret in ["a-secret-token", TestBed.token, "secret-folder", bed.folder] {
                    #expect(!answer.sentence.contains(secret), "\(answer.text)")
                }
            }
        }
    }
}
