import Testing
import UploadClient

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("4MiB", 4 << 20), ("1GiB", 1 << 30), ("1 gib", 1 << 30),
            ("2M", 2 << 20), ("5MB", 5_000_000), ("7b", 7),
        ] as [(String, Int64)])
    func parses(text: String, bytes: Int64) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1", "+1", "1.5MiB", "4 MiB x", "4XB", "99999999999999999999", "9000000TiB", "٣"])
    func refuses(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (4 << 20, "4.0 MiB"), (1_048_575, "1.0 MiB"),
            (1_610_612_736, "1.5 GiB"),
        ] as [(Int64, String)])
    func formats(bytes: Int64, text: String) {
        #expect(ByteSize.format(bytes) == text)
    }
}
