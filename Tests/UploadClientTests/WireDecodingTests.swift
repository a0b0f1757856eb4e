import Foundation
import Testing

@testable import UploadClient

@Suite struct WireDecodingTests {
    @Test(arguments: [
        // Bare, as the seed document shows it.
        #"{"totalSize":10,"status":"pause","expectBlocks":[{"startByte":2,"endByte":4}]}"#,
        // Inside data, as its implementation does it: the outer status is the envelope's.
        #"{"retCode":"0","status":"ok","data":{"totalSize":10,"status":"pause","#
            + #""expectBlocks":[{"startByte":2,"endByte":4}]}}"#,
        // Both, as the contract settles it.
        #"{"retCode":"0","totalSize":10,"status":"pause","expectBlocks":[{"startByte":2,"endByte":4}],"#
            + #""receivedSize":7,"data":{"totalSize":10,"status":"pause","receivedSize":7,"#
            + #""expectBlocks":[{"startByte":2,"endByte":4}]}}"#,
    ])
    func blocksInfoBareAndNested(body: String) throws {
        let info = try UploadAPI.blocksInfo(in: answer(body))
        #expect(info.totalSize == 10)
        #expect(info.state == .pause)
        #expect(info.expectBlocks == [try range(2, 4)])
        #expect(info.receivedSize == 7)
    }

    @Test func noMissingRangesMayBeNull() throws {
        let body = #"{"retCode":"0","status":"ok","data":{"totalSize":10,"status":"finish","expectBlocks":null}}"#
        let info = try UploadAPI.blocksInfo(in: answer(body))
        #expect(info.expectBlocks.isEmpty)
        #expect(info.receivedSize == 10)
    }

    @Test func blocksInfoOfAMissingTask() {
        #expect(throws: TaskGone(retCode: "2", status: "no such task")) {
            try UploadAPI.blocksInfo(in: answer(#"{"retCode":"2","status":"no such task","data":""}"#))
        }
    }

    @Test func blockStored() throws {
        #expect(try UploadAPI.blockAnswer(in: answer(#"{"retCode":"0","status":"ok","data":""}"#)) == .stored)
        #expect(try UploadAPI.blockAnswer(in: answer(#"{"retCode":"4","status":"paused","data":""}"#)) == .paused)
    }

    @Test func askedForAllRanges() throws {
        let body =
            #"{"retCode":"1","status":"more","data":{"startByte":0,"endByte":1,"#
            + #""expectBlocks":[{"startByte":0,"endByte":1},{"startByte":5,"endByte":6}]}}"#
        #expect(try UploadAPI.blockAnswer(in: answer(body)) == .storedMissing([range(0, 1), range(5, 6)]))
    }

    @Test func askedForOneRange() throws {
        let body = #"{"retCode":"1","status":"more","data":{"startByte":0,"endByte":1}}"#
        #expect(try UploadAPI.blockAnswer(in: answer(body)) == .storedMissing([range(0, 1)]))
    }

    @Test func askedForNonsense() {
        #expect(throws: UploadFailure.self) {
            try UploadAPI.blockAnswer(
                in: answer(#"{"retCode":"1","status":"more","data":{"startByte":3,"endByte":1}}"#))
        }
    }

    @Test(arguments: [(507, "3"), (503, "11"), (500, "20"), (200, "7"), (200, "11")])
    func passingRefusals(status: Int, retCode: String) {
        #expect(throws: TransientFailure.self) {
            try UploadAPI.blockAnswer(
                in: answer(#"{"retCode":"\#(retCode)","status":"later","data":""}"#, status: status))
        }
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func passingAnswersThatAreNoEnvelope(status: Int) {
        #expect(throws: TransientFailure.self) { try UploadAPI.blockAnswer(in: answer("<html>", status: status)) }
        #expect(throws: TransientFailure.self) { try UploadAPI.blocksInfo(in: answer("<html>", status: status)) }
    }

    @Test(arguments: [(200, "6"), (200, "8"), (413, "10")])
    func lastingRefusals(status: Int, retCode: String) {
        #expect(throws: UploadFailure.refused(by: .upload, retCode: retCode, status: "no")) {
            try UploadAPI.blockAnswer(
                in: answer(#"{"retCode":"\#(retCode)","status":"no","data":""}"#, status: status))
        }
    }

    @Test func answersThatAreNoEnvelope() {
        #expect(throws: UploadFailure.self) { try UploadAPI.blockAnswer(in: answer("hello")) }
        #expect(throws: UploadFailure.self) { try UploadAPI.blocksInfo(in: answer("{}")) }
    }

    @Test func taskOfTheBusinessServer() throws {
        let body =
            #"{"retCode":"0","status":"ok","data":{"taskId":9007199254740991,"uploadUrl":"http://h/u","#
            + #""blocksUrl":"http://h/b?key=k","stateUrl":"https://h/s"}}"#
        let task = try Envelope(Data(body.utf8)).data(as: UploadTask.self)
        #expect(task.taskId == .integer(9_007_199_254_740_991))
        #expect(task.isUsable)
        #expect(!UploadTask(taskId: .integer(1), uploadUrl: "/u", blocksUrl: "", stateUrl: "").isUsable)
    }

    @Test(arguments: [
        ("123456", WireIdentifier.integer(123_456)), ("007", .text("007")), ("ann", .text("ann")), ("", .text("")),
    ])
    func userIds(text: String, identifier: WireIdentifier) {
        #expect(WireIdentifier(text) == identifier)
        #expect(identifier.description == text)
    }

    private func answer(_ body: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, body: Data(body.utf8))
    }
}
