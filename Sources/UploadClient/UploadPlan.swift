/// Turns what the server misses into the blocks to send.
public enum UploadPlan {
    /// Cuts `missing` into blocks of at most `blockSize` bytes.
    ///
    /// - Parameters:
    ///   - missing: ranges the server asks for, in any order, overlaps allowed.
    ///   - excluding: ranges not to plan (queued, in flight, or acknowledged already).
    ///   - fileSize: size of the file in bytes; what lies beyond is left out.
    ///   - blockSize: largest block in bytes; anything below 1 counts as 1.
    /// - Returns: disjoint blocks in ascending order.
    public static func blocks(
        missing: [ByteRange], excluding: [ByteRange] = [], fileSize: Int64, blockSize: Int64
    ) -> [ByteRange] {
        let wanted = merged(missing.compactMap { clipped($0, to: fileSize) })
        return subtracting(merged(excluding), from: wanted).flatMap { split($0, into: max(1, blockSize)) }
    }

    private static func clipped(_ range: ByteRange, to fileSize: Int64) -> ByteRange? {
        ByteRange(startByte: range.startByte, endByte: min(range.endByte, fileSize - 1))
    }

    private static func merged(_ ranges: [ByteRange]) -> [ByteRange] {
        var result: [ByteRange] = []
        for range in ranges.sorted(by: { $0.startByte < $1.startByte }) {
            if let last = result.last, range.startByte <= last.endByte + 1,
                let union = ByteRange(startByte: last.startByte, endByte: max(last.endByte, range.endByte))
            {
                result[result.count - 1] = union
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// Both lists must be sorted and disjoint.
    private static func subtracting(_ holes: [ByteRange], from ranges: [ByteRange]) -> [ByteRange] {
        var result: [ByteRange] = []
        var firstHole = 0
        for range in ranges {
            var start = range.startByte
            while firstHole < holes.count, holes[firstHole].endByte < start { firstHole += 1 }
            for hole in holes[firstHole...] {
                guard hole.startByte <= range.endByte else { break }
                if let kept = ByteRange(startByte: start, endByte: hole.startByte - 1) { result.append(kept) }
                start = hole.endByte + 1
            }
            if let kept = ByteRange(startByte: start, endByte: range.endByte) { result.append(kept) }
        }
        return result
    }

    private static func split(_ range: ByteRange, into blockSize: Int64) -> [ByteRange] {
        stride(from: range.startByte, through: range.endByte, by: Int64.Stride(blockSize)).compactMap { start in
            let (end, overflow) = start.addingReportingOverflow(blockSize - 1)
            return ByteRange(startByte: start, endByte: overflow ? range.endByte : min(end, range.endByte))
        }
    }
}
