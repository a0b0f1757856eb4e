import Testing
import UploadTestSupport

@testable import UploadHTTP

/// What is read of a JSON body is what Foundation reads, and as it was written.
@Suite struct JSONPropertyTests {
    private static let names = [
        "token", "userId", "storePath", "fileName", "fileSize", "fileMd5", "feedBackParameter", "taskId", "status",
    ]

    @Test(arguments: UInt64(0)..<300)
    func wellFormedTextIsTaken(seed: UInt64) {
        var random = RandomJSON(generator: SeededGenerator(seed: seed))
        let text = random.object(Self.names)
        #expect((try? JSONScanner.members(of: Array(text.utf8))) != nil, "\(text)")
        #expect(JSONCheck.fault(Array(text.utf8)) == nil, "\(text)")
    }

    @Test(arguments: UInt64(1000)..<1300)
    func damagedTextIsTakenOrNamed(seed: UInt64) {
        var random = RandomJSON(generator: SeededGenerator(seed: seed))
        var bytes = Array(random.object(Self.names).utf8)
        for _ in 0...Int.random(in: 0..<3, using: &random.generator) {
            let index = Int.random(in: 0..<bytes.count, using: &random.generator)
            switch Int.random(in: 0..<4, using: &random.generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random.generator)
            case 1: bytes.insert(Array("{}[],:\"\\0-.e\n".utf8).randomElement(using: &random.generator) ?? 0, at: index)
            case 2: bytes.remove(at: index)
            default: bytes = Array(bytes.prefix(index + 1))
            }
        }
        #expect(JSONCheck.fault(bytes) == nil, "\(String(decoding: bytes, as: UTF8.self))")
    }

    @Test(arguments: UInt64(2000)..<2100)
    func registrationsComeBack(seed: UInt64) throws {
        var random = RandomJSON(generator: SeededGenerator(seed: seed))
        let feedback = random.value(depth: 0)
        let text = """
            {"token":"t","userId":"u","storePath":"/s","fileName":"f","fileSize":"1","feedBackParameter": \(feedback)\t,
            "fileMd5":"D41D8CD98F00B204E9800998ECF8427E"}
            """
        #expect(JSONCheck.fault(Array(text.utf8)) == nil, "\(text)")
        #expect(try RegistrationBody(Array(text.utf8)).registration(for: "one").feedback == feedback)
    }

    @Test func corpusHolds() throws {
        for file in try Corpus.files("json") {
            #expect(JSONCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
