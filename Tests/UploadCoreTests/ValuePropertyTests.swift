import Testing
import UploadTestSupport

@testable import UploadCore

/// Numbers, digests and dates from the wire follow the rules, and nothing else does.
@Suite struct ValuePropertyTests {
    @Test(arguments: UInt64(0)..<300)
    func anyTextIsReadByTheRules(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let seeds = [
            "2026-11-22 18:05:09.123", "2024-02-29 00:00:00.000", "d41d8cd98f00b204e9800998ecf8427e",
            "9007199254740991", "0\n9\nd41d8cd98f00b204e9800998ecf8427e\n10",
            "9223372036854775806\n9223372036854775807",
        ]
        for text in seeds {
            var bytes = Array(text.utf8)
            #expect(ValueCheck.fault(bytes) == nil)
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = Array("0123456789-+ :.\nafgAFG".utf8).randomElement(using: &generator) ?? 0
                case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                default: bytes.remove(at: index)
                }
            }
            #expect(ValueCheck.fault(bytes) == nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func corpusHolds() throws {
        for file in try Corpus.files("query") {
            #expect(ValueCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
