import Crypto
import Synchronization
import UploadCore
import UploadFiles

/// Task keys as 128 bits of HMAC-SHA256 over the task's number: nothing to store, nothing to leak from a backup.
final class HMACTaskKeys: TaskKeys {
    private let secrets: Mutex<[KeySecret]>

    /// - Parameter secrets: the oldest first, at least one.
    init(_ secrets: [KeySecret]) {
        self.secrets = Mutex(secrets)
    }

    /// Takes these from now on.
    func replace(with secrets: [KeySecret]) {
        self.secrets.withLock { $0 = secrets }
    }

    var generations: KeyGenerations {
        let all = secrets.withLock { $0.map(\.generation) }
        return KeyGenerations(current: all.last ?? 1, known: Set(all))
    }

    func key(for id: TaskID, generation: Int) -> String? {
        secrets.withLock { $0 }.first { $0.generation == generation }.map { Self.key(for: id, $0) }
    }

    func generation(of key: String, for id: TaskID) -> Int? {
        // With all of them, whichever it is: the time tells the number of secrets and no more.
        var found: Int?
        for secret in secrets.withLock({ $0 }) where Self.areEqual(key, Self.key(for: id, secret)) {
            found = secret.generation
        }
        return found
    }

    private static func key(for id: TaskID, _ secret: KeySecret) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("task \(id)".utf8), using: SymmetricKey(data: secret.bytes))
        return code.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Digests are compared, in constant time: the length of what was sent does not show either.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        SHA256.hash(data: Array(left.utf8)) == SHA256.hash(data: Array(right.utf8))
    }
}
