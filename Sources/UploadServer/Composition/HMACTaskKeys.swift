import Crypto
import Synchronization
import UploadCore
import UploadFiles

/// Task keys as 128 bits of HMAC-SHA256 over the task's number: nothing to store, nothing to leak from a backup.
final class HMACTaskKeys: TaskKeys {
    private struct Signer {
        let generation: Int
        /// It has taken the secret in, and nothing else yet: each key goes on with a copy of it.
        let code: HMAC<SHA256>

        init(_ secret: KeySecret) {
            generation = secret.generation
            code = HMAC(key: SymmetricKey(data: secret.bytes))
        }

        func key(for id: TaskID) -> String {
            var code = code
            code.update(data: Array("task \(id)".utf8))
            return String(hexOf: code.finalize().prefix(16))
        }
    }

    private let signers: Mutex<[Signer]>

    /// - Parameter secrets: the oldest first, at least one.
    init(_ secrets: [KeySecret]) {
        signers = Mutex(secrets.map(Signer.init))
    }

    /// Takes these from now on.
    func replace(with secrets: [KeySecret]) {
        signers.withLock { $0 = secrets.map(Signer.init) }
    }

    var generations: KeyGenerations {
        let all = signers.withLock { $0.map(\.generation) }
        return KeyGenerations(current: all.last ?? 1, known: Set(all))
    }

    func key(for id: TaskID, generation: Int) -> String? {
        signers.withLock { $0 }.first { $0.generation == generation }?.key(for: id)
    }

    func generation(of key: String, for id: TaskID) -> Int? {
        // With all of them, whichever it is: the time tells the number of secrets and no more.
        var found: Int?
        for signer in signers.withLock({ $0 }) where Self.areEqual(key, signer.key(for: id)) {
            found = signer.generation
        }
        return found
    }

    /// Digests are compared, in constant time: the length of what was sent does not show either.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        SHA256.hash(data: Array(left.utf8)) == SHA256.hash(data: Array(right.utf8))
    }
}
