import Testing
import UploadCore

@testable import UploadFiles
@testable import UploadServer

@Suite struct HMACTaskKeysTests {
    /// As `printf 'task 42' | openssl mac -digest SHA256 -macopt hexkey:0707… HMAC` has it: URLs stay good that were given
    /// out.
    @Test func aKeyIsHalfOfTheMACOfTheTasksNumber() throws {
        let keys = HMACTaskKeys([
            KeySecret(generation: 3, bytes: [UInt8](repeating: 9, count: 32)),
            KeySecret(generation: 4, bytes: [UInt8](repeating: 7, count: 32)),
        ])
        let id = try #require(TaskID(42))
        // Twice: the second goes on from the same state as the first.
        for _ in 0..<2 {
            #expect(keys.key(for: id, generation: 4) == "7e84c2994dc430b70dde11a6ee07824b")
        }
        #expect(keys.generation(of: "7e84c2994dc430b70dde11a6ee07824b", for: id) == 4)
        #expect(keys.generation(of: "7e84c2994dc430b70dde11a6ee07824c", for: id) == nil)
    }
}
