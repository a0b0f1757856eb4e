/// What a block's body is made of, in whatever order it comes (contract, "POST uploadUrl").
public enum BlockPart: Sendable {
    /// The parts of the form that are no bytes.
    public enum Field: String, Sendable, CaseIterable {
        /// Offset of the first byte.
        case startByte
        /// Offset of the last byte, inclusive.
        case endByte
        /// MD5 of the block.
        case partMd5
    }

    /// A field with its whole text.
    case field(Field, String)
    /// The part `file` begins.
    case fileBegin
    /// Some bytes of the part `file`.
    case fileBytes(any ByteChunk)
}

/// The fields of one block as they come in.
struct BlockFields {
    private var values: [BlockPart.Field: String] = [:]

    mutating func set(_ field: BlockPart.Field, _ value: String) throws(UploadError) {
        guard values.updateValue(value, forKey: field) == nil else {
            throw .invalid(field.rawValue, "was given twice")
        }
    }

    /// Whether `startByte` and `endByte` are both there.
    var hasRange: Bool { values[.startByte] != nil && values[.endByte] != nil }

    /// The range, checked against the file.
    func range(fileSize: Int64) throws(UploadError) -> ByteRange {
        let start = try offset(.startByte)
        let end = try offset(.endByte)
        guard start <= end else { throw UploadError(.rangeWrong, "startByte \(start) is greater than endByte \(end)") }
        guard end < fileSize, let range = ByteRange(first: start, last: end) else {
            throw UploadError(.rangeWrong, "endByte \(end) is not below fileSize \(fileSize)")
        }
        return range
    }

    /// The MD5 that the client declares; required.
    func declaredMD5() throws(UploadError) -> MD5Digest {
        guard let text = values[.partMd5] else { throw .invalid("partMd5", "is missing") }
        guard let digest = MD5Digest(hex: text) else { throw .invalid("partMd5", "must be 32 hex digits") }
        return digest
    }

    private func offset(_ field: BlockPart.Field) throws(UploadError) -> Int64 {
        guard let text = values[field] else { throw .invalid(field.rawValue, "is missing") }
        guard let value = Int64(text), value >= 0, text.first != "+" else {
            throw .invalid(field.rawValue, "must be a whole number, 0 or more")
        }
        return value
    }
}
