import Testing
import UploadCore

@testable import UploadHTTP

@Suite struct JSONScannerTests {
    private func members(_ text: String) -> [String: JSONValue]? {
        try? JSONScanner.members(of: Array(text.utf8))
    }

    private func problem(_ bytes: [UInt8]) -> String? {
        do {
            _ = try JSONScanner.members(of: bytes)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test(
        arguments: [
            ("1.0", .other), ("1e2", .other), ("-0", .integer), ("123456789012345678901234567890", .integer),
            ("null", .null), ("true", .other), ("\"a\\u0062\\/\"", .string("ab/")),
            ("\"\\ud83d\\ude00\"", .string("😀")),
            ("\"\\ud83d\"", .noText), ("\"\\ude00\"", .noText), ("\"\\ude00\\ud83d\"", .noText),
            ("\"\\ud83d\\u0041\"", .noText), ("\"\\ud83d\\ud83d\\ude00\"", .noText),
            ("\"\\ud83d\\n\"", .noText),
            ("\"\\ufffd\"", .string("\u{FFFD}")), ("\"\u{FFFD}\"", .string("\u{FFFD}")),
            ("\"\\ud7ff\\ue000\"", .string("\u{D7FF}\u{E000}")), ("\"\\u0000\"", .string("\0")),
            // What lies in a value is not looked at.
            ("[\"\\ud83d\"]", .other),
            ("\"\u{7F}\"", .string("\u{7F}")),
            ("{ \"b\" : [ 1.50 ] }", .other), ("[]", .other), ("{}", .other),
        ] as [(String, JSONValue.Kind)])
    func keepsAValueAsItWasWritten(text: String, kind: JSONValue.Kind) {
        #expect(members("\t{ \"a\" :\r\n\(text) }\n") == ["a": JSONValue(kind: kind, text: text)])
    }

    @Test(arguments: ["\\ud800", "a\\udfffb", "\\ud83d\\u0041", "\\ude00\\ud83d"])
    func halfACharacterIsNoNameOfAnything(text: String) throws {
        func refusal(_ body: () throws(UploadError) -> Void) -> String? {
            do {
                try body()
                return nil
            } catch {
                return error.code == .invalidParameter ? error.message : "\(error)"
            }
        }
        let problem = "has half a surrogate pair, which is no character"
        let good = [
            "token": "t", "userId": "u", "storePath": "/s", "fileName": "f", "fileSize": "1",
            "fileMd5": "D41D8CD98F00B204E9800998ECF8427E", "feedBackParameter": text,
        ]
        func body(_ fields: [String: String]) throws -> RegistrationBody {
            let members = fields.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
            return try RegistrationBody(Array("{\(members)}".utf8))
        }
        #expect(try body(good).registration(for: "one").feedback == "\"\(text)\"", "as it was sent")
        for name in good.keys where name != "feedBackParameter" {
            let bad = try body(good.merging([name: text]) { $1 })
            let found = refusal { () throws(UploadError) in
                _ = try bad.token()
                _ = try bad.registration(for: "one")
            }
            #expect(found == "\(name) \(problem)")
        }
        let states = [
            "taskId": "{\"taskId\":\"\(text)\",\"status\":\"pause\"}",
            "status": "{\"taskId\":1,\"status\":\"\(text)\"}",
        ]
        for (name, json) in states {
            let found = refusal { () throws(UploadError) in _ = try StateBody(Array(json.utf8)) }
            #expect(found == "\(name) \(problem)")
        }
    }

    @Test func theLaterOfTwoMembersOfOneNameCounts() {
        #expect(members(#"{"a":1,"b":2,"\u0061":3}"#)?.mapValues(\.text) == ["a": "3", "b": "2"])
    }

    @Test(arguments: [
        "", " ", "1", "null", "\"a\"", "[]", "[{}]", "\u{FEFF}{}", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
        "{,}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\":1}x", "{\"a\":1}{}",
        "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}",
        "{\"a\":NaN}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":nulll}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}",
        "{\"a\":\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u+123\"}",
        "{\"a\":\"\n\"}", "{\"a\":\"\0\"}", "{\"a\":\"\\\"}", "{\"a\":1//\n}", "{\"a\":\u{A0}1}", "{\u{0C}}",
    ])
    func refusesWhatIsNoObject(text: String) {
        #expect(problem(Array(text.utf8)) != nil)
    }

    @Test(
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        #expect(problem(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)) == "is not UTF-8")
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func depthIsLimited(opening: String, closing: String) {
        func nested(_ levels: Int) -> [UInt8] {
            let inner = levels - 1
            let value = String(repeating: opening, count: inner) + "1" + String(repeating: closing, count: inner)
            return Array("{\"a\":\(value)}".utf8)
        }
        #expect(problem(nested(JSONScanner.maximumDepth)) == nil)
        #expect(problem(nested(JSONScanner.maximumDepth + 1)) == "is nested deeper than 128 levels")
        // What is behind the limit is not looked at.
        #expect(problem(Array(nested(JSONScanner.maximumDepth + 1).prefix(700))) == "is nested deeper than 128 levels")
    }

    @Test func breadthIsNot() {
        let value = "[" + Array(repeating: "[[]]", count: 10_000).joined(separator: ",") + "]"
        #expect(members("{\"a\":\(value)}")?["a"]?.text == value)
    }

    @Test func saysWhere() {
        #expect(problem(Array("{\"a\":?}".utf8)) == "is not JSON at byte 5")
        #expect(problem(Array("{\"a\":".utf8)) == "is JSON that ends too soon")
    }
}
