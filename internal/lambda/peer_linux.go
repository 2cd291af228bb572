package lambda

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// belongsTo reports whether the other end of c, a connection on loopback, is
// in the process group led by pid. Where the kernel doesn't tell, it is taken
// to be: the port is told to nobody else.
func belongsTo(c net.Conn, pid int) bool {
	client, err1 := netip.ParseAddrPort(c.RemoteAddr().String())
	server, err2 := netip.ParseAddrPort(c.LocalAddr().String())
	if err1 != nil || err2 != nil || !client.Addr().Is4() {
		return false
	}
	inode, err := socketInode(client, server)
	if errors.Is(err, unix.ENOENT) {
		return false // closed already, or never of this machine
	}
	if err != nil {
		return true
	}
	link := "socket:[" + strconv.FormatUint(uint64(inode), 10) + "]"
	holds, err := holdsFile(pid, link)
	if holds || err != nil && !errors.Is(err, os.ErrNotExist) {
		return true // an error: its files aren't ours to see
	}
	for _, member := range groupMembers(pid) {
		if holds, _ := holdsFile(member, link); holds {
			return true
		}
	}
	return false
}

// holdsFile reports whether a process has a file open, by its link in /proc.
func holdsFile(pid int, link string) (bool, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if to, err := os.Readlink(dir + "/" + e.Name()); err == nil && to == link {
			return true, nil
		}
	}
	return false, nil
}

// groupMembers lists the processes of a group but its leader.
func groupMembers(leader int) []int {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1) // what was read so far will do
	var pids []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == leader {
			continue
		}
		if group, err := unix.Getpgid(pid); err == nil && group == leader {
			pids = append(pids, pid)
		}
	}
	return pids
}

const (
	sockDiagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	diagRequestSize  = 56 // struct inet_diag_req_v2
	inodeOffset      = 68 // of idiag_inode in struct inet_diag_msg
)

// socketInode asks the kernel for the inode of the TCP socket bound to local
// and connected to remote, by NETLINK_SOCK_DIAG (sock_diag(7)).
func socketInode(local, remote netip.AddrPort) (uint32, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return 0, err
	}
	if err := unix.Sendto(fd, diagRequest(local, remote), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	answer := make([]byte, 512)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, err
	}
	if n < unix.NLMSG_HDRLEN+4 {
		return 0, unix.EBADMSG
	}
	body := answer[unix.NLMSG_HDRLEN:n]
	if binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
		return 0, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
	}
	if len(body) < inodeOffset+4 {
		return 0, unix.EBADMSG
	}
	return binary.NativeEndian.Uint32(body[inodeOffset:]), nil
}

func diagRequest(local, remote netip.AddrPort) []byte {
	b := make([]byte, unix.NLMSG_HDRLEN+diagRequestSize)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	r := b[unix.NLMSG_HDRLEN:]
	r[0], r[1] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(r[4:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(r[8:], local.Port())
	binary.BigEndian.PutUint16(r[10:], remote.Port())
	from, to := local.Addr().As4(), remote.Addr().As4()
	copy(r[12:], from[:])
	copy(r[28:], to[:])
	binary.NativeEndian.PutUint64(r[48:], ^uint64(0)) // no cookie
	return b
}
