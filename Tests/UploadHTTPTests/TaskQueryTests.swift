import HummingbirdCore
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadHTTP

@Suite struct TaskQueryTests {
    @Test(arguments: [
        ("/?taskId=7&key=ab", 7, "ab"), ("/?key=ab&taskId=7", 7, "ab"), ("/?taskId=7", 7, ""),
        ("/?taskId=7&key", 7, ""),
        ("/?taskId=7&key=a%62", 7, "ab"), ("/?taskId=%37", 7, ""), ("/?taskId=7&taskId=8&key=a&key=b", 7, "a"),
        ("/?taskId=7&key=a=b", 7, "a=b"), ("/?taskId=7&key=%zz", 7, "%zz"), ("/?&&taskId=7#&key=x", 7, ""),
        ("http://host/a?taskId=7&key=x", 7, "x"),
    ])
    func namesATask(target: String, id: Int64, key: String) throws {
        let address = try TaskAddress(query: URI(target))
        #expect(address.id.rawValue == id)
        #expect(address.key == key)
    }

    @Test(arguments: [
        "", "/", "/?", "/?key=ab", "/?taskid=7", "/?%74askId=7", "/?taskId", "/?taskId=", "/?taskId=x",
        "/?taskId=0", "/?taskId=-1", "/?taskId=+1", "/?taskId=9007199254740992", "/?taskId=7%00", "/?x=taskId=7",
    ])
    func namesTheParameterAtFault(target: String) {
        #expect {
            try TaskAddress(query: URI(target))
        } throws: { error in
            (error as? UploadError).map { $0.code == .invalidParameter && $0.message.hasPrefix("taskId ") } ?? false
        }
    }

    @Test(arguments: UInt64(0)..<300)
    func anyTargetIsReadAsItStands(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "/", "?", "&", "=", "#", "%", "%37", "%C3", "taskId", "key", "7", "0", "ab", "://", ":", "é", "+",
        ]
        for start in ["/?taskId=", "/", ""] {
            let tail = (0..<10).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            #expect(QueryCheck.fault(Array((start + tail).utf8)) == nil, "\(start + tail)")
        }
    }

    @Test func corpusHolds() throws {
        for file in try Corpus.files("query") {
            #expect(QueryCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
