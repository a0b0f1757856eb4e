import Testing

@testable import UploadSQLite

/// Which versions of SQLite are warned of (https://www.sqlite.org/wal.html#walresetbug).
@Suite struct WALResetBugTests {
    /// From the first one with a WAL to the last one before each fix.
    @Test(
        arguments: [
            3_007_000, 3_040_001, 3_044_005, 3_045_000, 3_046_001, 3_050_006, 3_051_000, 3_051_002,
        ] as [Int32])
    func isThere(version: Int32) {
        #expect(UploadDatabase.hasWALResetBug(version: version))
    }

    /// 3.44.6 and 3.50.7 are older than some that have it.
    @Test(arguments: [3_044_006, 3_044_099, 3_050_007, 3_050_099, 3_051_003, 3_052_000, 4_000_000] as [Int32])
    func isFixed(version: Int32) {
        #expect(!UploadDatabase.hasWALResetBug(version: version))
    }

    /// What the warning goes by is the library that is loaded.
    @Test func thisOneIsJudgedByItsVersion() throws {
        let numbers = UploadDatabase.libraryVersion.split(separator: ".").compactMap { Int32($0) }
        try #require(numbers.count >= 2)
        let patch = numbers.dropFirst(2).first ?? 0
        let version = numbers[0] * 1_000_000 + numbers[1] * 1000 + patch
        #expect(UploadDatabase.hasWALResetBug == UploadDatabase.hasWALResetBug(version: version))
    }
}
