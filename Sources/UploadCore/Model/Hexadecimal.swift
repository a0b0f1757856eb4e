extension String {
    /// Two lower-case hex digits for each byte.
    public init(hexOf bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        self.init(unsafeUninitializedCapacity: 2 * bytes.count) { buffer in
            var end = 0
            for byte in bytes {
                buffer[end] = Self.digit(byte >> 4)
                buffer[end + 1] = Self.digit(byte & 15)
                end += 2
            }
            return end
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
