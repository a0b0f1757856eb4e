/// What a backup does with the secrets of task keys.
extension SecretFile {
    /// The secrets in a copy, which may lie where others can read it, on a volume that knows no modes for instance.
    ///
    /// - Throws: ``InvalidError`` for a file that is not there or does not hold secrets.
    public func lookAtCopy() throws -> [KeySecret] {
        try named {
            guard let secrets = try read(isCopy: true) else {
                throw InvalidError(path: path.string, problem: "is not there")
            }
            return secrets
        }
    }

    /// Replaces the file by one with these secrets, mode 0600, durable when this returns: one that was there is replaced
    /// as a whole or not at all.
    public func replace(with secrets: [KeySecret]) throws {
        try named { try write(secrets) }
    }
}

extension KeySecret {
    /// What two looks at one file found, the oldest first: a secret is added or dropped between them, and never changed.
    public static func merging(_ earlier: [KeySecret], _ later: [KeySecret]) -> [KeySecret] {
        let added = earlier.filter { secret in !later.contains { $0.generation == secret.generation } }
        return (later + added).sorted { $0.generation < $1.generation }
    }
}
