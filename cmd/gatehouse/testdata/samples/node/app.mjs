// Answers by @connections, as AWS's samples do.
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'

export const handler = async (event) => {
  const { domainName, stage, connectionId } = event.requestContext
  const client = new ApiGatewayManagementApiClient({ endpoint: 'https://' + domainName + '/' + stage })
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'node got ' + event.body }))
  return { statusCode: 200 }
}
