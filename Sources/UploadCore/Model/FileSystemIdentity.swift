/// A file system as it can be told from another one, also after the machine was started anew.
public struct FileSystemIdentity: Sendable, Equatable {
    /// Its kind, `f_type` of statfs(2).
    public var kind: UInt32
    /// Its number, `f_fsid` of statfs(2); of the usual kinds it goes with the disk.
    public var number: UInt64
    /// Whether it is the one that the machine's root folder is on.
    public var isRoot: Bool

    /// Memberwise.
    public init(kind: UInt32, number: UInt64, isRoot: Bool = false) {
        self.kind = kind
        self.number = number
        self.isRoot = isRoot
    }

    /// tmpfs, ramfs, and the writable layer of a container (linux/magic.h): what lies there does not outlive the machine's
    /// or the container's end, and its number does neither.
    private static let passing: Set<UInt32> = [0x0102_1994, 0x8584_58f6, 0x794c_7630]

    /// Whether what lay here and is not at `other` may still be where it was: on a volume that is not mounted.
    ///
    /// Not where it can't have outlived what it lay on. A root folder is always mounted: another one is another machine's,
    /// or another container's.
    func mayBeMissed(at other: FileSystemIdentity) -> Bool {
        self != other && !Self.passing.contains(kind) && !(isRoot && other.isRoot)
    }
}

extension FileSystemIdentity: LosslessStringConvertible {
    /// `kind:number`, both hexadecimal, and a slash after the root's.
    public var description: String {
        "\(String(kind, radix: 16)):\(String(number, radix: 16))\(isRoot ? "/" : "")"
    }

    /// Reads ``description``.
    public init?(_ description: String) {
        let isRoot = description.hasSuffix("/")
        let parts = description.dropLast(isRoot ? 1 : 0).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = UInt32(parts[0], radix: 16), let number = UInt64(parts[1], radix: 16) else {
            return nil
        }
        self.init(kind: kind, number: number, isRoot: isRoot)
    }
}
