/// A piece of a body as it came from the socket, readable without a copy.
public protocol ByteChunk: Sendable {
    /// Number of bytes.
    var count: Int { get }

    /// Calls `body` with the bytes, which are valid during the call only.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result

    /// The bytes where they stay for as long as the returned value lives. Copies them where that can't be had otherwise.
    func pinned() -> PinnedBytes
}

extension ByteChunk {
    /// A copy.
    public func pinned() -> PinnedBytes {
        let copy = OwnedBytes(capacity: count) { memory in
            withBytes { memory.copyMemory(from: $0) }
            return count
        }
        return copy.pinned()
    }
}

extension Array: ByteChunk where Element == UInt8 {
    /// Calls `body` with the array's bytes.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}

/// Bytes together with what keeps them where they are.
///
/// Unchecked, for nobody writes to them.
public struct PinnedBytes: @unchecked Sendable {
    /// Valid as long as this value, or a copy of it, lives.
    public let bytes: UnsafeRawBufferPointer
    private let owner: any Sendable

    /// - Parameter owner: what the bytes go with.
    public init(_ bytes: UnsafeRawBufferPointer, owner: any Sendable) {
        self.bytes = bytes
        self.owner = owner
    }
}

/// Memory that is filled once and goes with its last reference.
///
/// Unchecked, for nobody writes to it after that.
public final class OwnedBytes: ByteChunk, @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// Number of bytes.
    public let count: Int

    /// - Parameters:
    ///   - capacity: bytes of memory.
    ///   - fill: gets the memory and returns how many bytes it wrote, from the beginning on.
    /// - Throws: what `fill` throws.
    public init(capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows {
        memory = .allocate(byteCount: capacity, alignment: 64)
        do {
            count = try fill(memory)
        } catch {
            memory.deallocate()
            throw error
        }
    }

    deinit {
        memory.deallocate()
    }

    /// Calls `body` with the bytes.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// They stay where they are.
    public func pinned() -> PinnedBytes {
        PinnedBytes(UnsafeRawBufferPointer(rebasing: memory[..<count]), owner: self)
    }
}
