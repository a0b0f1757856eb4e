/// A number of bytes as people write and read it.
public enum ByteSize {
    private static let units: [String: Int64] = [
        "": 1, "b": 1,
        "k": 1 << 10, "kib": 1 << 10, "kb": 1_000,
        "m": 1 << 20, "mib": 1 << 20, "mb": 1_000_000,
        "g": 1 << 30, "gib": 1 << 30, "gb": 1_000_000_000,
        "t": 1 << 40, "tib": 1 << 40, "tb": 1_000_000_000_000,
    ]

    /// Parses plain bytes or a whole number with a unit: `65536`, `64KiB`, `4MiB`, `1GiB`, `5MB` (decimal).
    ///
    /// Upper and lower case are the same. Returns nil for anything else, including what does not fit 64 bits.
    public static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Int64(digits), let factor = units[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// Writes `bytes` with a binary unit and one decimal: `512 B`, `4.0 MiB`.
    public static func format(_ bytes: Int64) -> String {
        guard bytes >= 1_024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = ""
        for name in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
            value /= 1_024
            unit = name
            // From here on one decimal would be rounded up to 1024.
            if value < 1_023.95 { break }
        }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
