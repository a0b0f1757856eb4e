import Testing
import UploadCore
import UploadTestSupport

@Suite struct MD5DigestTests {
    private static let hex = "d41d8cd98f00b204e9800998ecf8427e"

    @Test func hexAndBytesAreTheSameDigest() throws {
        let bytes: [UInt8] = [0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e]
        let digest = try #require(MD5Digest(hex: Self.hex))
        #expect(MD5Digest(bytes: bytes) == digest)
        #expect(digest.description == Self.hex)
        #expect(md5([]) == digest)
        #expect(MD5Digest(hex: Self.hex.uppercased()) == digest)
        #expect(MD5Digest(hex: "d41D8cd98F00b204e9800998ecf8427E") == digest)
    }

    @Test func everyDigitCounts() throws {
        for index in 0..<32 {
            var digits = [Character](repeating: "0", count: 32)
            digits[index] = "f"
            #expect(try #require(MD5Digest(hex: String(digits))).description == String(digits))
        }
    }

    @Test(arguments: [
        "", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), " " + hex.dropFirst(), "-" + hex.dropFirst(),
        "\u{FF14}" + hex.dropFirst(3), "d41d8cd98f00b204 e9800998ecf8427e".prefix(32).description,
    ])
    func refusesOtherTexts(text: String) {
        #expect(MD5Digest(hex: text) == nil)
    }

    @Test(arguments: [0, 15, 17])
    func refusesOtherNumbersOfBytes(count: Int) {
        #expect(MD5Digest(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }
}

@Suite struct TaskIDTests {
    @Test(arguments: [("1", 1), ("42", 42), ("9007199254740991", 9_007_199_254_740_991)])
    func parses(text: String, number: Int64) {
        #expect(TaskID(text)?.rawValue == number)
        #expect(TaskID(text)?.description == text)
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "9007199254740992", "99999999999999999999", "1.0", " 1", "1 ", "0x1", "1e3", "٤", "one",
    ])
    func refuses(text: String) {
        #expect(TaskID(text) == nil)
    }

    @Test(arguments: [0, -1, TaskID.maximum + 1, .min, .max] as [Int64])
    func refuses(number: Int64) {
        #expect(TaskID(number) == nil)
    }

    @Test func areInOrderOfTheirNumbers() {
        #expect(taskID(2) < taskID(10))
    }
}

@Suite struct UploadErrorTests {
    @Test func codesAreTheContracts() {
        let codes: [UploadError.Code: String] = [
            .unauthorised: "1", .noSuchTask: "2", .storage: "3", .paused: "4", .alreadyInState: "5",
            .invalidParameter: "6", .checksumMismatch: "7", .rangeWrong: "8", .closed: "9", .tooLarge: "10",
            .busy: "11", .internalError: "20",
        ]
        #expect(codes.count == UploadError.Code.allCases.count)
        for code in UploadError.Code.allCases { #expect(codes[code] == code.rawValue) }
    }

    @Test func theCauseIsForTheLogOnly() {
        struct Strange: Error {}
        let error = UploadError(.internalError, "internal error", cause: Strange())
        #expect(!error.message.contains("Strange"))
        #expect(error.description.contains("Strange"))
    }

    @Test(arguments: [
        (UploadError.noSuchTask, UploadError.Code.noSuchTask), (.paused, .paused), (.superseded, .busy),
        (.interrupted, .rangeWrong), (.shuttingDown, .busy), (.closed(.timedOut), .closed),
        (.invalid("userId", "is empty"), .invalidParameter),
    ])
    func namedOnes(error: UploadError, code: UploadError.Code) {
        #expect(error.code == code)
        #expect(!error.message.isEmpty)
    }

    @Test func closedSaysHow() {
        #expect(UploadError.closed(.timedOut).message.contains("timeout"))
        #expect(UploadError.invalid("userId", "is empty").message == "userId is empty")
    }
}
