import Crypto
import UploadCore

/// The MD5 of some bytes.
package func md5(_ bytes: some Sequence<UInt8>) -> MD5Digest {
    guard let digest = MD5Digest(bytes: Insecure.MD5.hash(data: Array(bytes))) else {
        preconditionFailure("an MD5 digest has 16 bytes")
    }
    return digest
}

/// The range of both inclusive ends; a wrong one is a mistake in the test.
package func range(_ first: Int64, _ last: Int64) -> ByteRange {
    guard let range = ByteRange(first: first, last: last) else { preconditionFailure("no range: \(first)-\(last)") }
    return range
}

/// The id with this number.
package func taskID(_ number: Int64) -> TaskID {
    guard let id = TaskID(number) else { preconditionFailure("no task id: \(number)") }
    return id
}

extension [UInt8] {
    /// The bytes of a range.
    package subscript(_ range: ByteRange) -> [UInt8] { Array(self[Int(range.start)..<Int(range.end)]) }
}
