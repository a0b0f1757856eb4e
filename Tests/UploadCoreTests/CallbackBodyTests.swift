import Foundation
import Testing
import UploadCore
import UploadTestSupport

@Suite struct CallbackBodyTests {
    private static func task(feedback: String?, name: String = "a.bin", user: String = "u1") -> UploadTask {
        UploadTask(
            id: taskID(9_007_199_254_740_991), state: .finished,
            registration: Registration(
                businessServer: "cp1", userID: user, storePath: "/store/x", fileName: name, fileSize: 5,
                fileMD5: md5([1]), feedback: feedback),
            targetPath: "/store/x/" + name, keyGeneration: 1, receivedBytes: 5, reason: "",
            createdAt: Timestamp(milliseconds: 0), activeAt: Timestamp(milliseconds: 0))
    }

    private static let rest =
        #","taskId":9007199254740991,"userId":"u1","fileName":"a.bin","fileSize":5,"#
        + #""fileMd5":"55a54008ad1ba589aa210d2629c1df41","storePath":"/store/x"}"#

    /// Neither the order of keys, nor spaces, nor numbers, nor escapes change.
    @Test(arguments: [
        #"{"b":1.0,"a":"\u00e9 é"}"#, "null", "1e400", #""plain""#, "[ 1 ,\t2 ]", "12345678901234567890123", "0.10",
    ])
    func feedbackGoesBackByteForByte(feedback: String) {
        let body = CallbackDraft(.finished, status: "ok", destination: "").body(for: Self.task(feedback: feedback))
        #expect(Array(body.utf8) == Array((#"{"retCode":"0","status":"ok","data":"# + feedback + Self.rest).utf8))
    }

    @Test func noFeedbackIsAnEmptyString() {
        let body = CallbackDraft(.finished, status: "ok", destination: "").body(for: Self.task(feedback: nil))
        #expect(body == #"{"retCode":"0","status":"ok","data":"""# + Self.rest)
    }

    @Test(arguments: [
        (CallbackCode.timedOut, "-1"), (.checksumMismatch, "-2"), (.cancelled, "-3"), (.unpublishable, "-4"),
    ])
    func failuresCarryNoFeedback(code: CallbackCode, text: String) {
        let body = CallbackDraft(code, status: "why \"so\"", destination: "").body(for: Self.task(feedback: "{}"))
        #expect(body == #"{"retCode":"\#(text)","status":"why \"so\"","data":"""# + Self.rest)
    }

    @Test func codesAreComplete() {
        #expect(Set(CallbackCode.allCases.map(\.rawValue)) == ["0", "-1", "-2", "-3", "-4"])
    }

    @Test func namesComeBackFromTheJSON() throws {
        let strange = "q\"b\\s/\u{1}\u{7F}\n\té漢😀\u{2028}"
        let task = Self.task(feedback: #"{"k":[1]}"#, name: strange, user: strange)
        let body = CallbackDraft(.finished, status: strange, destination: "").body(for: task)
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        #expect(parsed["userId"] as? String == strange)
        #expect(parsed["fileName"] as? String == strange)
        #expect(parsed["status"] as? String == strange)
        #expect(parsed["data"] as? [String: [Int]] == ["k": [1]])
        #expect(parsed.count == 9)
    }
}

@Suite struct JSONTextTests {
    @Test(arguments: [
        ("", #""""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\u{0}\u{1F}", #""\u000a\u0000\u001f""#),
        ("é漢😀/", "\"é漢😀/\""), ("\u{7F}", "\"\u{7F}\""),
    ])
    func escapes(text: String, literal: String) {
        #expect(jsonString(text) == literal)
    }

    @Test func everyScalarOfTheFirstPlaneComesBack() throws {
        let scalars = (UInt32(0)...0xFFFF).compactMap(Unicode.Scalar.init)
        var text = String.UnicodeScalarView()
        // Noncharacters at the end are legal in JSON, but Foundation may drop them.
        text.append(contentsOf: scalars.filter { $0.value < 0xFDD0 })
        let original = String(text)
        let parsed = try JSONSerialization.jsonObject(with: Data("[\(jsonString(original))]".utf8)) as? [String]
        #expect(parsed?.map { Array($0.utf8) } == [Array(original.utf8)])
    }
}
