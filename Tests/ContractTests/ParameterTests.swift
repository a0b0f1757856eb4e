import Testing
import UploadTestSupport

/// retCode 6 names the parameter (contract, "Envelope").
@Suite(.contract)
struct ParameterTests {
    private let file = TestFile(size: 10, seed: 1)

    @Test func aMissingFieldIsNamed() async throws {
        try await TestBed.run { bed in
            for name in ["token", "userId", "storePath", "fileName", "fileSize", "fileMd5"] {
                for json in [nil, "null"] {
                    let answer = try await bed.server.post(NewTask(file).with(name, json))
                    #expect(answer.retCode == "6", "\(name): \(answer.text)")
                    #expect(answer.sentence.contains(name))
                }
            }
            #expect(try await bed.server.post(NewTask(file)).retCode == "0", "feedBackParameter may be left out")
        }
    }

    @Test func aMalformedFieldIsNamed() async throws {
        let wrong: [(String, [String])] = [
            ("token", ["1", "true", "{}", "[\"x\"]"]),
            ("userId", ["1.5", "true", "{}", "[]", "\"\"", "\"a\\u0000b\""]),
            ("storePath", ["1", "true", "{}", "\"\"", "\"a\\u0000b\""]),
            ("fileName", ["1", "[]", "\"\"", "\".\"", "\"..\"", "\"a/b\"", "\"/a\"", "\"a\\u0000b\""]),
            (
                "fileSize",
                ["-1", "1.5", "1e3", "true", "\"\"", "\"x\"", "\"-1\"", "\" 1\"", "\"+1\"", "99999999999999999999"]
            ),
            ("fileMd5", ["1", "\"\"", "\"xyz\"", "\"\(file.md5)0\"", "\"\(String(repeating: "g", count: 32))\""]),
        ]
        try await TestBed.run { bed in
            for (name, values) in wrong {
                for value in values {
                    let answer = try await bed.server.post(NewTask(file).with(name, value))
                    #expect(answer.retCode == "6", "\(name) \(value): \(answer.text)")
                    #expect(answer.sentence.contains(name), "\(name) \(value): \(answer.text)")
                }
            }
        }
    }

    /// 255 bytes are the most that file systems take, whatever the name is written in.
    @Test func theLongestNamesArePublishedAndLongerOnesAreNamed() async throws {
        let (narrow, wide) = (String(repeating: "n", count: 255), String(repeating: "文", count: 85))
        let long: [(String, [String])] = [
            ("fileName", [narrow + "n", wide + "n", wide + "文"]),
            ("userId", [String(repeating: "u", count: 1025), String(repeating: "文", count: 342)]),
            // All of it, one folder of it, and what becomes of it below storeDir.
            (
                "storePath",
                [
                    String(repeating: "p", count: 4096), narrow + "n/a", "a/" + narrow + "n/b",
                    String(repeating: "d/", count: 2047) + "d",
                ]
            ),
        ]
        try await TestBed.run { bed in
            for (name, values) in long {
                for value in values {
                    let answer = try await bed.server.post(NewTask(file).with(name, "\"\(value)\""))
                    #expect(answer.retCode == "6", "\(name) of \(value.utf8.count) bytes: \(answer.text)")
                    #expect(answer.sentence.hasPrefix(name + " "), "\(name): \(answer.text)")
                }
            }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "0")
            for name in [narrow, wide] {
                let user = String(repeating: "u", count: 1024)
                let upload = try await bed.server.register(NewTask(file, name: name, user: user))
                try await upload.sendAll(file)
                let callback = try await bed.receiver.callback(for: upload.id)
                #expect(callback.retCode == "0", "\(callback.text)")
                #expect(callback.json["fileName"].text == name)
                #expect(callback.json["userId"].text == user)
                #expect(bed.server.stored("in/" + name) == file.bytes)
            }
        }
    }

    @Test func aBodyThatIsNoJSONObjectIsRefused() async throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let bodies: [[UInt8]] = [
            [], Array("[]".utf8), Array("nonsense".utf8), Array("{\"token\":".utf8), Array("\"x\"".utf8),
            Array("{\"token\":\"x\",}".utf8), Array("{\"feedBackParameter\":\(deep)}".utf8),
            Array("{\"token\":\"".utf8) + [0xFF, 0xC0] + Array("\"}".utf8),
            Array((NewTask(file).json + "x").utf8),
        ]
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            for body in bodies {
                for url in [bed.server.newTaskURL, upload.stateURL] {
                    let answer = try await HTTP.send(
                        "POST", url, headers: ["Content-Type": "application/json"], body: body)
                    #expect(answer.retCode == "6", "\(answer.text)")
                    #expect(answer.status == 200)
                }
            }
        }
    }

    @Test func aFieldOfABlockIsNamed() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let good = Form(block: 0...4, file[0...4]).parts
            for name in ["startByte", "endByte", "partMd5", "file"] {
                let answer = try await HTTP.postForm(upload.uploadURL, Form(good.filter { $0.name != name }))
                #expect(answer.retCode == "6", "\(name): \(answer.text)")
                #expect(answer.sentence.contains(name), "\(answer.text)")
            }
            for (name, value) in [
                ("startByte", "x"), ("startByte", ""), ("startByte", "-1"), ("endByte", "1.5"),
                ("endByte", "99999999999999999999"), ("partMd5", "zz"), ("partMd5", ""),
            ] {
                let parts = good.map { $0.name == name ? Form.Part(name, value) : $0 }
                let answer = try await HTTP.postForm(upload.uploadURL, Form(parts))
                #expect(answer.retCode == "6", "\(name) \(value): \(answer.text)")
                #expect(answer.sentence.contains(name), "\(answer.text)")
            }
            #expect(try await upload.missing() == [0...9])
        }
    }

    @Test func aBlockThatIsNoFormIsRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...4, file[0...4])
            for type in ["application/json", "multipart/form-data", "multipart/form-data; boundary=\"\"", "text/plain"]
            {
                let answer = try await HTTP.send(
                    "POST", upload.uploadURL, headers: ["Content-Type": type], body: form.bytes)
                #expect(answer.retCode == "6", "\(type): \(answer.text)")
            }
            let url = bed.server.base + "/api/upload/files/block"
            for query in ["", "?taskId=", "?taskId=x", "?taskId=-1"] {
                let answer = try await HTTP.postForm(url + query, form)
                #expect(answer.retCode == "6", "\(query): \(answer.text)")
                #expect(answer.sentence.contains("taskId"))
            }
            #expect(try await upload.missing() == [0...9])
        }
    }

    @Test func aChangeOfStateNamesWhatIsWrong() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let bodies = [
                ("taskId", "{\"status\":\"pause\"}"), ("taskId", "{\"taskId\":\"x\",\"status\":\"pause\"}"),
                ("taskId", "{\"taskId\":true,\"status\":\"pause\"}"), ("status", "{\"taskId\":\(upload.id)}"),
                ("status", "{\"taskId\":\(upload.id),\"status\":\"finish\"}"),
                ("status", "{\"taskId\":\(upload.id),\"status\":1}"),
            ]
            for (name, body) in bodies {
                let answer = try await HTTP.postJSON(upload.stateURL, body)
                #expect(answer.retCode == "6", "\(body): \(answer.text)")
                #expect(answer.sentence.contains(name))
            }
        }
    }
}
