/// A whole number with a unit: `30s`, `4GiB`, or `3600` in the default unit.
enum Quantity {
    /// A unit's name in lower case, and its size in the smallest unit.
    typealias Unit = (name: String, size: Int64)

    /// Reads a quantity in the smallest unit; letter case and blanks before the unit are ignored.
    ///
    /// - Returns: nil if it is negative, not a whole number, of an unknown unit, or too large.
    static func parse(_ text: String, units: [Unit], unitless: Int64) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Int64(digits),
            let size = name.isEmpty ? unitless : units.first(where: { $0.name == name })?.size
        else { return nil }
        let (amount, isTooLarge) = number.multipliedReportingOverflow(by: size)
        return isTooLarge ? nil : amount
    }

    /// Writes an amount in the largest unit that leaves a whole number.
    ///
    /// - Parameter units: The units to choose from, largest first; the last one has the size 1.
    static func render(_ amount: Int64, units: [Unit]) -> String {
        guard amount != 0, let unit = units.first(where: { amount.isMultiple(of: $0.size) }) else { return "\(amount)" }
        return "\(amount / unit.size)\(unit.name)"
    }
}

extension ValueFormat where Value == Int64? {
    /// A limit in bytes, where 0 means none.
    static var byteLimit: Self {
        Self(
            allowed: "a size: bytes as a whole number, alone or with a unit (MB, GB, MiB, GiB), or 0 for no limit",
            parse: { text in
                guard let bytes = ByteCount.parse(text) else { return nil }
                return .some(bytes == 0 ? nil : bytes)
            },
            render: { ByteCount.render($0 ?? 0) }
        )
    }
}

extension ValueFormat where Value == Int? {
    /// A limit on a number, where 0 means none.
    static var countLimit: Self {
        Self(
            allowed: "a whole number up to 1000000000, or 0 for no limit",
            parse: { text in
                guard let count = Int(text), (0...1_000_000_000).contains(count) else { return nil }
                return .some(count == 0 ? nil : count)
            },
            render: { String($0 ?? 0) }
        )
    }
}

extension ValueFormat where Value == Int {
    /// A size in bytes within a range.
    static func byteCount(in range: ClosedRange<Int>) -> Self {
        let bounds = "\(ByteCount.render(Int64(range.lowerBound))) to \(ByteCount.render(Int64(range.upperBound)))"
        return Self(
            allowed: "a size from \(bounds): bytes as a whole number, alone or with a unit (KB, MB, KiB, MiB)",
            parse: { text in
                ByteCount.parse(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
            },
            render: { ByteCount.render(Int64($0)) }
        )
    }
}

private enum ByteCount {
    static let binary: [Quantity.Unit] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]
    static let all: [Quantity.Unit] =
        binary.dropLast().map { ($0.name.lowercased(), $0.size) } + [
            ("b", 1), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000), ("tb", 1_000_000_000_000),
        ]

    static func parse(_ text: String) -> Int64? {
        Quantity.parse(text, units: all, unitless: 1)
    }

    static func render(_ bytes: Int64) -> String {
        Quantity.render(bytes, units: binary)
    }
}
