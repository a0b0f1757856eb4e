/// What libFuzzer calls with every input it thinks of.
@_cdecl("LLVMFuzzerTestOneInput")
public func run(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeRawBufferPointer(start: start, count: count))
    // A trap is what libFuzzer takes for a failure.
    if let fault = MultipartCheck.fault(bytes) { fatalError(fault) }
    return 0
}
