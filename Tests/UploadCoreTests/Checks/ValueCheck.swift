@testable import UploadCore

/// Holds what reads numbers, digests and dates from the wire against naive rules, for the tests and for `scripts/fuzz`.
enum ValueCheck {
    /// Reads a text as everything that a text can be.
    ///
    /// - Returns: What is wrong with how it is read; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        return taskID(text) ?? digest(text) ?? timestamp(text) ?? fields(text)
    }

    private static func taskID(_ text: String) -> String? {
        let number = Rules.digits(text).flatMap { $0.count > 17 ? nil : Int64($0) }
        let expected = number.flatMap { $0 > 0 && $0 < 1 << 53 ? $0 : nil }
        return TaskID(text)?.rawValue == expected ? nil : "task number: \(String(describing: TaskID(text)))"
    }

    private static func digest(_ text: String) -> String? {
        let isDigest = text.utf8.count == 32 && text.utf8.allSatisfy("0123456789abcdefABCDEF".utf8.contains)
        return MD5Digest(hex: text)?.description == (isDigest ? text.lowercased() : nil) ? nil : "digest: \(text)"
    }

    private static func timestamp(_ text: String) -> String? {
        guard let timestamp = Timestamp(text) else { return Rules.isDate(text) ? "\(text) is refused" : nil }
        guard Rules.isDate(text) else { return "\(text) is taken" }
        return timestamp.description == text ? nil : "\(timestamp), not \(text)"
    }

    /// The lines of the text are a block's fields, and the size of the file.
    private static func fields(_ text: String) -> String? {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { String($0) }
        var fields = BlockFields()
        do throws(UploadError) {
            for (field, line) in zip(BlockPart.Field.allCases, lines) { try fields.set(field, line ?? "") }
        } catch {
            return "\(error)"
        }
        let size = lines.count > 3 ? Rules.offset(lines[3] ?? "") ?? .max : .max
        return range(fields, lines, size) ?? declaredMD5(fields, lines)
    }

    private static func range(_ fields: BlockFields, _ lines: [String?], _ size: Int64) -> String? {
        let ends = (0...1).map { $0 < lines.count ? Rules.offset(lines[$0] ?? "") : nil }
        do throws(UploadError) {
            let range = try fields.range(fileSize: size)
            guard range.first == ends[0], range.last == ends[1], range.last < size else { return "\(range)" }
            return nil
        } catch {
            guard let first = ends[0] else { return isNamed(error, "startByte") }
            guard let last = ends[1] else { return isNamed(error, "endByte") }
            let isWrong = first > last || last >= size
            return isWrong && error.code == .rangeWrong ? nil : "\(error)"
        }
    }

    private static func declaredMD5(_ fields: BlockFields, _ lines: [String?]) -> String? {
        do throws(UploadError) {
            let digest = try fields.declaredMD5()
            return lines.count > 2 && lines[2]?.lowercased() == digest.description ? nil : "\(digest)"
        } catch {
            guard lines.count < 3 || MD5Digest(hex: lines[2] ?? "") == nil else { return "\(error)" }
            return isNamed(error, "partMd5")
        }
    }

    private static func isNamed(_ error: UploadError, _ name: String) -> String? {
        error.code == .invalidParameter && error.message.hasPrefix("\(name) ") ? nil : "\(error) does not name \(name)"
    }
}

private enum Rules {
    /// Decimal digits with one zero in front; `nil` for anything else.
    static func digits(_ text: String) -> String? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return "0" + text.drop { $0 == "0" }
    }

    /// A number of a block's field.
    static func offset(_ text: String) -> Int64? {
        // Minus nought is nought.
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let number = digits(isNegative ? String(text.dropFirst()) : text).flatMap { Int64($0) }
        return isNegative && number != 0 ? nil : number
    }

    static func isDate(_ text: String) -> Bool {
        let pattern = "0000-00-00 00:00:00.000"
        let bytes = Array(text.utf8)
        guard bytes.count == pattern.utf8.count,
            zip(bytes, pattern.utf8).allSatisfy({ $1 == 0x30 ? (0x30...0x39).contains($0) : $0 == $1 })
        else { return false }
        let numbers = text.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        guard (1...12).contains(month), numbers[3] < 24, numbers[4] < 60, numbers[5] < 60 else { return false }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }
}
