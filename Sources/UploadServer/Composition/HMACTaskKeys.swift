import Crypto
import UploadCore

/// Task keys as 128 bits of HMAC-SHA256 over the task's number: nothing to store, nothing to leak from a backup.
struct HMACTaskKeys: TaskKeys {
    private let secret: SymmetricKey

    init(secret: [UInt8]) {
        self.secret = SymmetricKey(data: secret)
    }

    func key(for id: TaskID) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("task \(id)".utf8), using: secret)
        return code.prefix(16).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    func isValid(_ key: String, for id: TaskID) -> Bool {
        constantTimeEqual(Array(key.utf8), Array(self.key(for: id).utf8))
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
