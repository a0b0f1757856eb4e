import Testing
import UploadTestSupport

/// What nobody's client sends: refused with a sentence that says why, and without a trace.
@Suite(.contract)
struct StrangerTests {
    private let file = TestFile(size: 10, seed: 1)

    @Test func formsBeyondTheLimitsAreRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let good = Form(block: 0...4, file[0...4])
            let note = Form.Part("note", "x")
            let long = String(repeating: "x", count: 8192)
            let cases: [(Form, String)] = [
                (Form(Array(repeating: note, count: 29) + good.parts), "too many parts"),
                (Form(good.parts + Array(repeating: note, count: 29)), "too many parts"),
                (Form([Form.Part(long, "x")] + good.parts), "too large a header"),
                (Form([Form.Part("note", [], fileName: long)] + good.parts), "too large a header"),
                (Form(good.parts + [Form.Part("", "x")]), "no name"),
                (Form(good.parts + [Form.Part("a\u{0}b", "x")]), "malformed header"),
                (Form(good.parts + [Form.Part("a\nb", "x")]), "malformed header"),
                (Form(good.parts + [Form.Part("a\u{7F}b", "x")]), "malformed header"),
                (Form(good.parts + [Form.Part("endByte", "4")]), "endByte was given twice"),
                (Form(good.parts + [Form.Part("file", "01234")]), "file was given twice"),
                (Form([Form.Part("startByte", String(repeating: "0", count: 257))] + good.parts), "too long"),
            ]
            for (form, reason) in cases {
                for chunked in [false, true] {
                    let answer = try await HTTP.postForm(upload.uploadURL, form, chunked: chunked)
                    #expect(answer.retCode == "6" && answer.status == 200, "\(reason): \(answer.text)")
                    #expect(answer.sentence.contains(reason), "\(answer.text)")
                    #expect(try await upload.missing() == [0...9], "\(reason)")
                }
            }
            // The largest number of parts that is taken.
            let most = Form(Array(repeating: note, count: 28) + good.parts)
            #expect(try await HTTP.postForm(upload.uploadURL, most).retCode == "0")
            #expect(try await upload.missing() == [5...9])
        }
    }

    @Test func textAroundAFormIsLimitedBeforeIt() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...4, file[0...4])
            func post(_ body: [UInt8]) async throws -> HTTPAnswer {
                try await HTTP.send("POST", upload.uploadURL, headers: ["Content-Type": form.contentType], body: body)
            }
            let text = [UInt8](repeating: UInt8(ascii: "x"), count: 8192)
            let refused = try await post(text + Array("x\r\n".utf8) + form.bytes)
            #expect(refused.retCode == "6" && refused.sentence.contains("before the first boundary"), "\(refused.text)")
            #expect(try await upload.missing() == [0...9])
            let taken = try await post(text + Array("\r\n".utf8) + form.bytes + text + text)
            #expect(taken.retCode == "0", "\(taken.text)")
        }
    }

    @Test func depthOfJSONIsLimited() async throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        try await TestBed.run { bed in
            let refused = try await bed.server.post(NewTask(file).with("feedBackParameter", nested(128)))
            #expect(refused.retCode == "6" && refused.sentence.contains("deeper than 128"), "\(refused.text)")
            let upload = try await bed.server.register(NewTask(file).with("feedBackParameter", nested(127)))
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.text.contains("\"data\":\(nested(127)),"), "\(callback.text)")
        }
    }

    @Test func sizeOfJSONIsLimitedToTheByte() async throws {
        try await TestBed.run("maxRequestBody=2KiB") { bed in
            let shortest = NewTask(file).with("feedBackParameter", "\"\"").json.utf8.count
            for (length, retCode) in [(2048, "0"), (2049, "10")] {
                let padding = String(repeating: "x", count: length - shortest)
                let body = Array(NewTask(file).with("feedBackParameter", "\"\(padding)\"").json.utf8)
                #expect(body.count == length)
                for chunked in [false, true] {
                    let answer = try await HTTP.send(
                        "POST", bed.server.newTaskURL, headers: ["Content-Type": "application/json"], body: body,
                        chunked: chunked)
                    #expect(answer.retCode == retCode, "\(length): \(answer.text)")
                }
            }
        }
    }

    @Test func theLaterOfTwoMembersCounts() async throws {
        try await TestBed.run { bed in
            let json = NewTask(file, name: "first").json.dropLast() + ",\"fileName\":\"second\"}"
            let upload = try UploadHandle(bed.server, try await HTTP.postJSON(bed.server.newTaskURL, String(json)))
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).json["fileName"].text == "second")
            #expect(bed.server.stored("in/second") == file.bytes)
            #expect(bed.server.stored("in/first") == nil)
        }
    }

    @Test func controlCharactersInJSONAreRefused() async throws {
        try await TestBed.run { bed in
            for (value, name) in [("\"a\nb\"", "body"), ("\"a\tb\"", "body"), ("\"a\\nb\"", "fileName")] {
                let answer = try await bed.server.post(NewTask(file).with("fileName", value))
                #expect(answer.retCode == "6" && answer.sentence.hasPrefix("\(name) "), "\(answer.text)")
            }
        }
    }
}
