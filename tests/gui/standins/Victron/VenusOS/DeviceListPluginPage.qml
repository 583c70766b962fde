import QtQuick

Page {
	required property var device
}
