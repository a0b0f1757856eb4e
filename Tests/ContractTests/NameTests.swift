import Testing
import UploadTestSupport

/// Names of every kind: what is no text is refused, what only looks odd is kept, and what is nobody's business to read is
/// handed on as it came.
@Suite(.contract)
struct NameTests {
    private let file = TestFile(size: 10, seed: 1)

    /// Half a surrogate pair is legal JSON. Two that differ must not become one file, one place, or one registration.
    @Test func halfACharacterIsRefused() async throws {
        try await TestBed.run { bed in
            for name in ["token", "userId", "storePath", "fileName", "fileSize", "fileMd5"] {
                for text in ["\\ud800", "\\ud801", "a\\uDFFF", "\\ude00\\ud83d", "\\ud83d\\u0041"] {
                    let answer = try await bed.server.post(NewTask(file).with(name, "\"\(text)\""))
                    #expect(answer.retCode == "6" && answer.status == 200, "\(name) \(text): \(answer.text)")
                    #expect(answer.sentence.hasPrefix("\(name) has half"), "\(name) \(text): \(answer.text)")
                }
            }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "0")

            let upload = try await bed.server.register(NewTask(file, name: "\\ud83d\\ude00"))
            for (name, fields) in [
                ("status", "\"taskId\":\(upload.id),\"status\":\"\\ud800\""),
                ("taskId", "\"taskId\":\"\(upload.id)\\ud800\",\"status\":\"pause\""),
            ] {
                let answer = try await HTTP.postJSON(upload.stateURL, "{\(fields)}")
                #expect(answer.retCode == "6" && answer.sentence.hasPrefix("\(name) has half"), "\(answer.text)")
            }
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).json["fileName"].text == "😀")
            #expect(bed.server.stored("in/😀") == file.bytes)
        }
    }

    /// It is the receiver's, which may know what to make of it.
    @Test func feedbackIsNotLookedInto() async throws {
        try await TestBed.run { bed in
            let feedback = "{\"\\ud800\" : [\"\\uDFFF\", \"\\ude00\\ud83d\"]}"
            let upload = try await bed.server.register(NewTask(file).with("feedBackParameter", feedback))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.text.contains("\"data\":\(feedback),"), "\(callback.text)")
            #expect(callback.text.contains("\"retCode\":\"0\""), "\(callback.text)")
        }
    }

    /// The outermost object of a registration is the first of 128 levels.
    @Test func feedbackMayHave127Levels() async throws {
        func nested(_ levels: Int) -> String {
            (0..<levels).reversed().reduce("1") { $1.isMultiple(of: 2) ? "{\"a\":\($0)}" : "[\($0)]" }
        }
        try await TestBed.run { bed in
            let refused = try await bed.server.post(NewTask(file).with("feedBackParameter", nested(128)))
            #expect(refused.retCode == "6" && refused.sentence.hasPrefix("body "), "\(refused.text)")
            #expect(refused.sentence.contains("deeper than 128 levels"), "\(refused.text)")
            let upload = try await bed.server.register(NewTask(file).with("feedBackParameter", nested(127)))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.text.contains("\"data\":\(nested(127)),"), "\(callback.text)")
            #expect(callback.retCode == "0")
        }
    }

    /// Line separators, text that runs backwards, and what can't be seen: legal in names, and spelt out in the log.
    @Test func whatIsNotSeenIsKeptAndSpeltOutInTheLog() async throws {
        try await TestBed.run { bed in
            let (name, user) = ("film\u{202E}4pm\u{200B}.exe", "u\u{2028}2026-01-01 ERROR forged\u{2029}")
            let upload = try await bed.server.register(NewTask(file, name: name, user: user))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.json["fileName"].text.map { Array($0.utf8) } == Array(name.utf8))
            #expect(callback.json["userId"].text.map { Array($0.utf8) } == Array(user.utf8))
            #expect(bed.server.stored("in/" + name) == file.bytes)
            #expect(try await bed.server.terminate() == .code(0))
            let log = try bed.server.logText()
            #expect(log.contains("file=\"film\\u202e4pm\\u200b.exe\""))
            #expect(log.contains("userId=\"u\\u20282026-01-01 ERROR forged\\u2029\""))
            #expect(!log.unicodeScalars.contains { "\u{2028}\u{2029}\u{202E}\u{200B}".unicodeScalars.contains($0) })
        }
    }
}
